import Analysis
import Trace

/// What is known of a stall.
func detailLines(_ stall: Stall, _ input: ScreenInput) -> [DetailLine] {
  let setting = Setting(input)
  func time(_ time: Nanoseconds) -> String { words(time, setting.glyphs) }
  let going = stall.ended ? "" : "  \(setting.glyphs.running) still going on"
  var lines: [Line] = [
    [Run("Loop \(stall.loop.number) did not reach its poll for \(time(stall.duration))", .title), Run(going, .error)],
    fact("began", clock(stall.began - setting.start)),
    fact("blocked by", "\(stall.site.function)  \(stall.site.place)", .warning),
    fact("its part", "\(time(stall.own)) of \(time(stall.duration)), as \(stall.kind)"),
    fact("callbacks", "\(words(stall.callbacks)) ran in it"),
    fact("cause", stall.cause == .unknown ? "not measured" : stall.cause.words),
  ]
  if let detail = stall.detail { lines.append(fact("about", detail)) }
  lines.append(harmFact(stall.harm, upTo: stall.harmUpTo, victims: stall.victims, isOver: stall.ended, setting))
  lines += [[], [Run("Stack, innermost first", .title)]]
  lines += stall.stack.isEmpty ? [[Run("  not sampled", .dim)]] : stall.stack.map { [Run("  " + $0)] }
  return lines.map { DetailLine($0) } + seeing(stall, input.report) + victims(of: stall, input)
}

private func seeing(_ stall: Stall, _ report: Report) -> [DetailLine] {
  let site = report.sites.first { $0.site == stall.site && $0.kind == stall.kind }
  let half = stall.began + Nanoseconds(stall.duration.count / 2)
  let seen: [DetailLine] = [
    DetailLine([]), DetailLine([Run("See it", .title)]),
    DetailLine([Run("  in the loop, half-way")], target: .moment(stall.loop, half)),
    DetailLine(
      [Run("  callback by callback")],
      target: .thing(.tick(stall.loop, stall.began, stall.began + stall.duration))),
    DetailLine([Run("  every view, in this time only")], target: .range(around(stall))),
  ]
  return seen + (site.map { [DetailLine([Run("  all runs of \($0.site.function)")], target: .thing($0.thing))] } ?? [])
}

/// A stall's time, and a little more where it is over: those that it kept waiting run then.
private func around(_ stall: Stall) -> ClosedRange<Instant> {
  let after = stall.ended ? max(Nanoseconds(stall.duration.count / 10), .milliseconds(1)) : .zero
  return stall.began...max(stall.began, stall.began + stall.duration + after)
}

private func victims(of stall: Stall, _ input: ScreenInput) -> [DetailLine] {
  guard stall.ended else {
    return [
      DetailLine([]), DetailLine([Run("Who waited", .title)]),
      DetailLine([Run("  those that wait are known when they run", .dim)]),
    ]
  }
  return found("Who waited", victimLines(input.answer, input), else: "nobody", input)
}

extension Stall.Cause {
  /// As a person says it.
  fileprivate var words: String {
    switch self {
    case .computing: "computing"
    case .syscall: "in a system call"
    case .lock: "waiting for a lock"
    case .cpuWait: "waiting for a CPU"
    case .pageFault: "waiting for pages of memory"
    case .suspended: "the machine was suspended"
    case .unknown: "not measured"
    }
  }
}
