import Analysis
import Trace

/// The top of every view: who is traced, how it is, what is wrong, and which view this is.
enum Header {
  static let height = 5

  /// `newest` is the last moment known, which a frozen input does not have.
  static func draw(
    _ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ScreenState, newest: Instant
  ) {
    var area = area
    drawNames(&canvas, area.takeTop(1), input.report, right: source(input, state, newest))
    canvas.draw(health(input), area.takeTop(1))
    for line in verdict(input.report, Setting(input)) { canvas.draw(line, area.takeTop(1)) }
    drawTabs(&canvas, area.takeTop(1), input, state)
  }

  /// The command gives way: which process it is must be seen.
  private static func drawNames(_ canvas: inout Canvas, _ area: Area, _ report: Report, right: Line) {
    let command: Line = [Run(command(report.processes), .title)]
    let identity = identity(report)
    let room = max(0, area.width - canvas.cells(identity) - canvas.cells(right) - 1)
    let width = min(room, canvas.cells(command))
    canvas.draw(command, Area(x: area.x, y: area.y, width: width, height: 1))
    let rest = Area(x: area.x + width, y: area.y, width: area.width - width, height: 1)
    canvas.draw(identity, right: right, rest)
  }

  /// What all of them run; of several programs how many they are.
  private static func command(_ processes: [ProcessInfo]) -> String {
    let programs = Set(processes.map(\.command)).count
    return programs > 1 ? "\(programs) programs" : processes.first?.shortCommand ?? "looptop"
  }

  private static func identity(_ report: Report) -> Line {
    guard let last = report.processes.last else { return [Run("  no process yet", .dim)] }
    let loops = report.loops
    let runs = report.processes.count
    let isOneProgram = report.processes.allSatisfy { $0.command == last.command }
    var line: Line = [Run(isOneProgram ? "  pid \(last.pid)" : "  \(runs) processes")]
    if runs > 1, isOneProgram { line.append(Run(", one of \(runs)")) }
    line.append(Run(loops.count == 1 ? "  loop \(loops[0].info.name)" : "  " + words(UInt64(loops.count), "loop")))
    if !loops.isEmpty, loops.allSatisfy(\.ended) { line.append(Run("  ended", .warning)) }
    return line
  }

  /// Whether time goes by, and which moment one sees.
  private static func source(_ input: ScreenInput, _ state: ScreenState, _ newest: Instant) -> Line {
    let trace = input.report.trace
    let moment = min(state.time.cursor ?? trace.to, trace.to)
    let behind = words(newest - moment, input.glyphs)
    let word =
      switch (state.isPlaying, state.isPaused, input.source) {
      case (true, _, _): Run(" PLAYING ", .good)
      case (_, true, .live): Run(" PAUSED, \(behind) behind ", .warning)
      case (_, true, .replay): Run(" PAUSED ", .warning)
      case (_, false, .live):
        state.time.cursor == nil ? Run(" LIVE ", .good) : Run(" LIVE, \(behind) behind ", .warning)
      case (_, false, .replay): input.range == nil ? Run(" REPLAY ", .title) : Run(" RANGE ", .warning)
      }
    let loading = input.progress.map { Run(" LOADING \(Format.percent($0))", .warning) }
    let recorded = input.recording.map { Run(" REC \(words($0.length, input.glyphs)) ", .error) }
    let whole = input.range.map { clock($0.lowerBound - input.origin) + "-" + clock($0.upperBound - input.origin) }
    var line = [recorded, loading, word].compactMap { $0 }
    if let cursor = state.time.cursor {
      line.append(Run(clock(cursor - input.origin), .title))
      // How far behind that is stands ahead of it.
      if input.source == .live { return line }
      line.append(Run(" of "))
    }
    return line + [Run(whole ?? clock(trace.to - trace.from))]
  }

  private static func health(_ input: ScreenInput) -> Line {
    let report = input.report
    let lag = report.loops.compactMap(\.lag?.p99).max()
    let figures = input.figures
    return [
      Run("busy ", .dim), Run(figures?.utilization.map(Format.percent) ?? "-"),
      Run("  tick max ", .dim), Run(figures.map { words($0.longestTick, input.glyphs) } ?? "-"),
      Run("  callbacks/s ", .dim), Run(figures.map(rate) ?? "-"),
      Run("  lag p99 ", .dim), Run(lag.map { words($0, input.glyphs) } ?? "-"),
      Run("  gaps ", .dim), gaps(report.trace),
    ]
  }

  private static func rate(_ figures: Figures) -> String {
    words(UInt64(max(0, min(1e15, Double(figures.callbacks) / figures.over.seconds))))
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
    canvas.draw(tabs(input.report, state, width: area.width).map(\.run), area)
  }

  /// The tabs with what is in them, or where that is too much, with what is worth worrying about.
  static func tabs(_ report: Report, _ state: ScreenState, width: Int) -> [(view: View, run: Run)] {
    func tabs(_ content: KeyPath<TabContent, String>) -> [(view: View, run: Run)] {
      View.allCases.map { view in
        let text = "\(view.digit) \(view.title)\(view.content(report)[keyPath: content])"
        // Brackets say which one it is where there is no colour.
        return (view, view == state.view ? Run("[\(text)]", .title) : Run(" \(text) "))
      }
    }
    let all = tabs(\.text)
    return all.reduce(0) { $0 + $1.run.text.unicodeScalars.count } <= width ? all : tabs(\.worry)
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
