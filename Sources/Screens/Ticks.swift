import Analysis
import Trace

/// What stands above the callbacks in the Ticks view: the timeline, and in words the moment looked at, or the worst and
/// the latest stall.
enum TicksPanel {
  /// Of `height` rows, nearly half, with twelve rows of bars at most; none where the list needs them all.
  static func height(in height: Int) -> Int {
    height < 10 ? 0 : 4 + max(1, min(12, height / 3 - 2))
  }

  static func draw(_ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ScreenState) {
    var area = area
    let summary = area.takeBottom(2)
    TimelinePicture(input: input, cursor: state.time.cursor, width: canvas.grid.size.width).draw(&canvas, area)
    drawSummary(&canvas, summary, input, state)
  }

  private static func drawSummary(_ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ScreenState) {
    var area = area
    if let cursor = state.time.cursor {
      canvas.draw(momentLine(cursor, input), area.takeTop(1))
      return canvas.draw(scaleLine(input), area.takeTop(1))
    }
    let stalls = input.report.stalls
    guard let worst = stalls.max(by: { $0.duration < $1.duration }), let last = stalls.max(by: { $0.began < $1.began })
    else { return canvas.draw("No stall: the loops have always come round in time.", area, style: Style(.dim)) }
    canvas.draw(line("worst  ", worst, input), area.takeTop(1))
    canvas.draw(line("latest ", last, input), area.takeTop(1))
  }

  private static func line(_ name: String, _ stall: Stall, _ input: ScreenInput) -> Line {
    let setting = Setting(input)
    let ended = stall.ended ? "" : " and counting"
    return [
      Run(name, .dim), Run(words(stall.duration, setting.glyphs) + ended, stall.ended ? .warning : .error),
      Run(" at " + clock(stall.began - setting.start) + "  "), Run(stall.site.function, .title),
      Run(" " + stall.site.place),
    ]
  }

  private static func momentLine(_ cursor: Instant, _ input: ScreenInput) -> Line {
    let setting = Setting(input)
    let at: Line = [
      Run("at     ", .dim), Run(clock(cursor - setting.start, input.busy.slices.length), .title), Run("  "),
    ]
    guard let moment = input.moment, moment.time == cursor else { return at }
    return at + doing(moment, setting)
  }

  private static func scaleLine(_ input: ScreenInput) -> Line {
    let slices = input.busy.slices
    let whole = Nanoseconds(slices.length.count &* Int64(slices.count))
    return [
      Run("scale  ", .dim), Run(words(slices.length, input.glyphs)), Run(" a column, ", .dim),
      Run(words(whole, input.glyphs)), Run(" in all", .dim),
    ]
  }
}

/// What a loop is doing at a moment.
func doing(_ moment: LoopMoment, _ setting: Setting) -> Line {
  if let running = moment.running {
    let chain: Line = running.chain.map { [Run("  for ", .dim), Run($0)] } ?? []
    return [
      Run("in ", .dim), Run(running.site.function, .title), Run(" for "),
      Run(
        words(moment.time - running.began, setting.glyphs),
        moment.time - running.began > Thresholds().slow ? .warning : .normal),
    ] + chain + [Run("  \(running.site.place)", .dim)]
  }
  switch moment.phase {
  case .polling(let since, _): return [Run("in the poll for ", .dim), Run(words(moment.time - since, setting.glyphs))]
  case .pass(let since):
    return [
      Run("between callbacks, the tick is ", .dim), Run(words(moment.time - since, setting.glyphs)), Run(" old", .dim),
    ]
  case .ended: return [Run("the loop has ended", .dim)]
  case .begun: return [Run("not in the poll yet: the loop has just begun", .dim)]
  case .unknown where moment.isComplete:
    return [Run("in the poll or between callbacks: nothing since tells which", .dim)]
  case .unknown: return [Run("not known: the events before this moment are missing", .dim)]
  }
}
