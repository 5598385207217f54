import Analysis
import Trace

/// A pass of a loop, callback by callback, in their order and to scale.
func tickLines(_ loop: LoopID, _ from: Instant, _ to: Instant, _ input: ScreenInput) -> [DetailLine] {
  let setting = Setting(input)
  func time(_ time: Nanoseconds) -> String { words(time, setting.glyphs) }
  let title: Line = [
    Run("Tick of loop \(loop.number)", .title), Run("  \(time(to - from)) from \(clock(from - setting.start))"),
  ]
  guard let window = input.window, !window.isDense, window.from == from else {
    return [
      DetailLine(title), DetailLine([Run("Its callbacks are too many to be listed, or not in the trace.", .dim)]),
      DetailLine([Run("  by site, in this time only")], target: .range(from...max(from, to))),
    ]
  }
  let spans = window.spans.filter { $0.began < to && $0.began >= from }
  let slow = spans.map { ($0.ended ?? to) - $0.began }.max() ?? .zero
  return [DetailLine(title), DetailLine([Run("   after      took                    callback", .dim)])]
    + spans.map { span in
      let length = (span.ended ?? to) - span.began
      let indent = String(repeating: "  ", count: min(span.depth, 12))
      return DetailLine(
        [
          Run(padded("+" + time(span.began - from), 10) + padded(time(length), 11) + " ", .dim),
          Run(waterfall(span.began - from, length, of: to - from, setting.glyphs) + " ", .bar),
          Run(indent + span.site.function, length == slow ? .warning : .normal),
          Run("  \(span.kind)  \(span.site.place)", .dim),
        ], target: .moment(loop, span.began))
    }
}
