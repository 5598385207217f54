import Analysis
import Trace

/// The top of every view: who is traced, how it is, what is wrong, and which view this is.
enum Header {
  static let height = 5

  /// `behind` is how old the shown input is, where it is frozen.
  static func draw(
    _ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ScreenState, behind: Nanoseconds?
  ) {
    var area = area
    drawNames(&canvas, area.takeTop(1), input.report, right: source(input, behind: behind))
    canvas.draw(health(input), area.takeTop(1))
    for line in verdict(input.report, Setting(input)) { canvas.draw(line, area.takeTop(1)) }
    drawTabs(&canvas, area.takeTop(1), input, state)
  }

  /// The command gives way: which process it is must be seen.
  private static func drawNames(_ canvas: inout Canvas, _ area: Area, _ report: Report, right: Line) {
    let command: Line = [Run(report.processes.first?.shortCommand ?? "looptop", .title)]
    let identity = identity(report)
    let room = max(0, area.width - canvas.cells(identity) - canvas.cells(right) - 1)
    let width = min(room, canvas.cells(command))
    canvas.draw(command, Area(x: area.x, y: area.y, width: width, height: 1))
    let rest = Area(x: area.x + width, y: area.y, width: area.width - width, height: 1)
    canvas.draw(identity, right: right, rest)
  }

  private static func identity(_ report: Report) -> Line {
    guard let first = report.processes.first else { return [Run("  no process yet", .dim)] }
    let loops = report.loops
    var line: Line = [Run(report.processes.count == 1 ? "  pid \(first.pid)" : "  \(report.processes.count) processes")]
    line.append(Run(loops.count == 1 ? "  loop \(loops[0].info.name)" : "  " + words(UInt64(loops.count), "loop")))
    if !loops.isEmpty, loops.allSatisfy(\.ended) { line.append(Run("  ended", .warning)) }
    return line
  }

  private static func source(_ input: ScreenInput, behind: Nanoseconds?) -> Line {
    let span = Run(clock(input.report.trace.to - input.report.trace.from))
    let word =
      switch (behind, input.source) {
      case (let behind?, .live): Run(" PAUSED, \(words(behind, input.glyphs)) behind ", .warning)
      case (_?, .replay): Run(" PAUSED ", .warning)
      case (nil, .live): Run(" LIVE ", .good)
      case (nil, .replay): Run(" REPLAY ", .title)
      }
    return [word, span]
  }

  private static func health(_ input: ScreenInput) -> Line {
    let report = input.report
    let lag = report.loops.compactMap(\.lag?.p99).max()
    return [
      Run("busy ", .dim), Run(utilization(report).map(percent) ?? "-"),
      Run("  lag p99 ", .dim), Run(lag.map { words($0, input.glyphs) } ?? "-"),
      Run("  callbacks/s ", .dim), Run(rate(report)),
      Run("  stalls ", .dim), Run(words(report.stallCount), report.stallCount > 0 ? .warning : .normal),
      Run("  gaps ", .dim), gaps(report.trace),
    ]
  }

  private static func utilization(_ report: Report) -> Double? {
    let busy = report.loops.reduce(Nanoseconds.zero) { $0 + $1.busy }
    let all = report.loops.reduce(busy) { $0 + $1.idle }
    return all > .zero ? Double(busy.count) / Double(all.count) : nil
  }

  private static func rate(_ report: Report) -> String {
    let seconds = (report.trace.to - report.trace.from).seconds
    guard seconds > 0 else { return "-" }
    return words(UInt64(min(1e15, Double(report.callbacks) / seconds)))
  }

  private static func gaps(_ trace: TraceSummary) -> Run {
    guard !trace.gaps.isEmpty else { return Run("none") }
    let counts = trace.gaps.map(\.gap.events)
    let known = counts.reduce(UInt64(0)) { $0 &+ ($1 ?? 0) }
    let plus = counts.contains(nil) ? "+" : ""
    return Run("\(words(UInt64(counts.count))), \(words(known))\(plus) lost", .warning)
  }

  private static func drawTabs(_ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ScreenState) {
    canvas.draw(String(repeating: canvas.glyphs.rule, count: area.width), area, style: Style(.dim))
    var line: Line = [Run(canvas.glyphs.rule, .dim)]
    for view in View.allCases {
      let text = "\(view.digit) \(view.title)\(view.content(input.report))"
      // Brackets say which one it is where there is no colour.
      line.append(view == state.view ? Run("[\(text)]", .title) : Run(" \(text) "))
      line.append(Run(canvas.glyphs.rule, .dim))
    }
    canvas.draw(line, area)
  }
}

extension ProcessInfo {
  /// The command line without the program's folders.
  var shortCommand: String {
    let program = command.prefix { $0 != " " }
    guard let slash = program.utf8.lastIndex(of: UInt8(ascii: "/")) else { return command }
    return String(command[command.index(after: slash)...])
  }
}
