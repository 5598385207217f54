import Analysis
import Trace

/// All loops side by side: a column a loop, a line a figure. Where not all fit, those from the one that is looked at on.
struct LoopsDetails {
  private let input: ScreenInput
  private let loops: [LoopReport]
  private let hidden: Int
  private let width: Int
  private static let labelWidth = 14

  init(_ input: ScreenInput, from chosen: LoopID?, width: Int) {
    self.input = input
    let all = input.report.loops
    let first = all.firstIndex { $0.info.id == chosen } ?? 0
    let fitting = max(1, (width - Self.labelWidth) / 15)
    self.loops = Array((all[first...] + all[..<first]).prefix(fitting))
    hidden = all.count - loops.count
    self.width = min(30, (width - Self.labelWidth) / max(1, loops.count))
  }

  var lines: [DetailLine] {
    guard !loops.isEmpty else { return [DetailLine([Run("No loop is known yet.", .dim)])] }
    let more: Line = hidden > 0 ? [Run("  and \(hidden) more: l shows the next ones", .dim)] : []
    return [DetailLine([Run("Loops side by side", .title)] + more)] + figures.map { DetailLine($0) }
      + loops.filter { !$0.running.isEmpty }.map(runningLine)
  }

  private func time(_ time: Nanoseconds?) -> String { words(time, input.glyphs) }

  private var figures: [Line] {
    let stalls = Dictionary(grouping: input.report.stalls, by: \.loop)
    func lived(_ loop: LoopReport) -> Double { Double(max(1, (loop.busy + loop.idle).count)) }
    return [
      line("", .heading) { "\($0.info.id.number) \($0.info.name)" },
      line("process") { "\($0.info.process.pid)" },
      line("command") { $0.info.process.shortCommand },
      line("state") { state($0) },
      line("busy") { $0.utilization.map(Format.percent) ?? "-" },
      line("over time", .bar) { spark($0.info.id) },
      line("on a CPU") { loop in
        loop.onCPU.map { Format.percent(Double($0.count) / lived(loop)) } ?? "-"
      },
      line("ticks") { words($0.ticks) },
      line("tick p50") { time($0.tick?.p50) },
      line("tick p99") { time($0.tick?.p99) },
      line("tick max") { time($0.tick?.max) },
      line("lag p99") { time($0.lag?.p99) },
      line("queued p99") { time($0.queueDelay?.p99) },
      line("callbacks/s") { words(UInt64(Double($0.callbacks) / lived($0) * 1e9)) },
      line("stalls") { words(UInt64(stalls[$0.info.id]?.count ?? 0)) },
      line("longest") { loop in time(stalls[loop.info.id]?.map(\.duration).max()) },
    ]
  }

  private func line(_ name: String, _ role: Style.Role = .normal, _ text: (LoopReport) -> String) -> Line {
    [Run(filled("  " + name, Self.labelWidth), .dim)]
      + loops.map { loop in
        Run(Canvas(Size(width: 0, height: 0), glyphs: input.glyphs).cell(text(loop), width), role)
      }
  }

  private func state(_ loop: LoopReport) -> String {
    if loop.ended { return "ended" }
    guard let stall = input.report.stalls.first(where: { $0.loop == loop.info.id && !$0.ended }) else {
      return "running"
    }
    return "stuck \(time(stall.duration))"
  }

  /// How busy it was, in as many columns as there are.
  private func spark(_ loop: LoopID) -> String {
    let shares = input.busy.shares[loop] ?? []
    let columns = max(1, min(width - 1, shares.count))
    let blocks = input.glyphs.blocks
    return (0..<columns).map { column in
      let part = shares[
        column * shares.count / columns..<max((column + 1) * shares.count / columns, column * shares.count / columns)
      ]
      .compactMap { $0 }
      guard let most = part.max() else { return "?" }
      return blocks[most > 0 ? max(1, Int(min(1, most) * Double(blocks.count - 1))) : 0]
    }.joined()
  }

  private func runningLine(_ loop: LoopReport) -> DetailLine {
    let span = loop.running[loop.running.count - 1]
    return DetailLine(
      [
        Run("  now on \(loop.info.id.number)  ", .dim), Run(span.site.function, .title),
        Run("  for \(time(input.report.trace.to - span.began))  \(span.site.place)"),
      ], target: .moment(loop.info.id, span.began))
  }
}

extension Canvas {
  /// A text in exactly that many cells, the last of them empty.
  func cell(_ text: String, _ width: Int) -> String {
    let pieces = fit(text, max(0, width - 1))
    let used = pieces.reduce(0) { $0 + $1.width }
    return pieces.map(\.text).joined() + String(repeating: " ", count: max(0, width - used))
  }
}
