import Analysis
import Trace

extension ScreenState {
  /// What has to be looked into for the details in front; `nil` where the report says it all.
  ///
  /// What goes on live has no end yet: it is the same subject until there is something new to find. What a replay cuts off
  /// goes on beyond the cut, and so does who waits for it.
  func inquiry(_ report: Report, isLive: Bool) -> Inquiry.Subject? {
    guard let thing = front.details else { return nil }
    switch thing {
    case .site(let site, let kind):
      guard let known = report.sites.first(where: { $0.thing == thing }) else { return nil }
      let runs = known.worst.map { run in
        Inquiry.Run(loop: run.loop, from: run.began, to: run.running && isLive ? run.began : run.began + run.own)
      }
      return runs.isEmpty ? nil : .site(site, kind, runs: runs)
    case .stall:
      guard let stall = report.stalls.first(where: { $0.thing == thing }), stall.ended else { return nil }
      let run = Inquiry.Run(loop: stall.loop, from: stall.began, to: stall.began + stall.duration)
      return .stall(stall.site, stall.kind, run)
    case .chain(let id):
      guard let chain = report.chainList.first(where: { $0.thing == thing }), let last = chain.steps.last else {
        return nil
      }
      // Of steps that have ended, what they did at their ends belongs to it.
      let end = chain.state == .running ? last.began : chain.steps.map { $0.began + $0.duration }.max() ?? last.began
      return .chain(id, Inquiry.Run(loop: id.loop, from: chain.began, to: end))
    case .operation(let id):
      return report.chainList.first { $0.waitingOn?.id == id }?.waitingOn.map { .operation(id, created: $0.created) }
    case .finding, .tick, .loops: return nil
    }
  }
}

/// A heading, and what was found about it: a line that says so while it is looked for, or where there is nothing.
func found(_ title: String, _ lines: [DetailLine], else nothing: String, _ input: ScreenInput) -> [DetailLine] {
  let heading = DetailLine([Run(title, .title)])
  let waiting = input.looking.map { " " + Format.percent($0) } ?? ""
  if input.answer == nil || input.looking != nil, lines.isEmpty {
    return [DetailLine([]), heading, DetailLine([Run("  looking through the trace" + waiting, .dim)])]
  }
  return [DetailLine([]), heading] + (lines.isEmpty ? [DetailLine([Run("  " + nothing, .dim)])] : lines)
}

/// Where in some time a part of it lies, to scale; ahead of it, how long it waited for its turn.
func waterfall(
  _ from: Nanoseconds, _ duration: Nanoseconds, waited: Nanoseconds = .zero, of whole: Nanoseconds, cells: Int = 16,
  _ glyphs: Glyphs
) -> String {
  let whole = Double(max(1, whole.count))
  func cell(_ time: Nanoseconds) -> Int { Int(max(0, min(1, Double(time.count) / whole)) * Double(cells)) }
  let first = min(cells - 1, cell(from))
  let length = max(1, min(cells - first, cell(from + duration) - first))
  let ready = min(cell(from - waited), first)
  func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
  return repeated(glyphs.idle, ready) + repeated(glyphs.crowd, first - ready) + repeated(glyphs.full, length)
    + repeated(glyphs.idle, cells - first - length)
}

/// Those whose waits something made longer, the longest wait first.
func victimLines(_ answer: Inquiry.Answer?, _ input: ScreenInput) -> [DetailLine] {
  guard let answer, !answer.victims.isEmpty else { return [] }
  let setting = Setting(input)
  let names = Dictionary(input.report.chainList.map { ($0.id, $0.title) }) { first, _ in first }
  let lines = answer.victims.map { victim in
    let wait = harmWords(victim.certain, upTo: victim.upTo, setting.glyphs)
    let chain = victim.chain.flatMap { names[$0] }.map { "  for \($0)" } ?? ""
    return DetailLine(
      [
        Run("  " + padded(wait, 9) + "  ", .warning), Run(victim.site.function), Run(chain),
        Run("  \(victim.kind)  \(victim.site.place)", .dim),
      ], target: .moment(victim.loop, victim.began))
  }
  let more = answer.victimCount - UInt64(lines.count)
  return lines + (more > 0 ? [DetailLine([Run("  and \(words(more)) more", .dim)])] : [])
}
