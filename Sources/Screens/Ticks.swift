import Analysis
import Trace

/// What stands above the callbacks in the Ticks view: the timeline, and the worst and the latest stall.
enum TicksPanel {
  /// Of `height` rows, nearly half, with twelve rows of bars at most; none where the list needs them all.
  static func height(in height: Int) -> Int {
    height < 10 ? 0 : 4 + max(1, min(12, height / 3 - 2))
  }

  static func draw(_ canvas: inout Canvas, _ area: Area, _ input: ScreenInput) {
    var area = area
    let summary = area.takeBottom(2)
    TimelinePicture(input: input).draw(&canvas, area)
    drawSummary(&canvas, summary, input)
  }

  private static func drawSummary(_ canvas: inout Canvas, _ area: Area, _ input: ScreenInput) {
    var area = area
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
}
