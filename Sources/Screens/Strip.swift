import Analysis
import Trace

/// One loop's passes and callbacks, drawn to scale: the passes in the first row, and below them the callbacks, those
/// that run inside others one row lower.
struct StripPicture {
  let window: LoopWindow
  let slices: TimeSlices
  let cursor: Instant?
  /// Columns left of it.
  let labelWidth: Int

  private struct Stretch {
    var first: Int
    var last: Int
    /// Whether it begins and ends within what is visible.
    var opens: Bool
    var closes: Bool
  }

  func draw(_ canvas: inout Canvas, _ area: Area) {
    var area = area
    drawPasses(&canvas, area.takeTop(1))
    let rows = (0..<area.height).map { _ in area.takeTop(1) }
    for (depth, row) in rows.enumerated() {
      if depth == 0 { label("runs", &canvas, row) }
      drawSpans(&canvas, row, window.spans.filter { $0.depth == depth })
    }
  }

  private func label(_ text: String, _ canvas: inout Canvas, _ row: Area) {
    canvas.draw(text, Area(x: row.x, y: row.y, width: 5, height: 1), style: Style(.dim))
  }

  private func drawPasses(_ canvas: inout Canvas, _ row: Area) {
    label("tick", &canvas, row)
    let columns = max(0, min(slices.count, row.width - labelWidth))
    let known = window.slices.prefix(columns).map { $0.busy + $0.idle > .zero ? canvas.glyphs.idle : "?" }
    canvas.draw(known.joined(), place(row, 0, columns), style: Style(.dim))
    var used = Used()
    for pass in window.passes {
      guard let stretch = stretch(pass.from, pass.to, columns) else { continue }
      let name = pass.to.map { words($0 - pass.from, canvas.glyphs) } ?? ""
      draw(stretch, name, Style(.dim), &canvas, row, used: &used)
    }
  }

  private func drawSpans(_ canvas: inout Canvas, _ row: Area, _ spans: [LoopWindow.Span]) {
    let columns = max(0, min(slices.count, row.width - labelWidth))
    var used = Used()
    for span in spans {
      guard let stretch = stretch(span.began, span.ended, columns) else { continue }
      let length = (span.ended ?? window.to) - span.began
      let holdsCursor = cursor.map { span.began <= $0 && span.ended ?? window.to > $0 } ?? false
      let role: Style.Role = length > Thresholds().slow ? .warning : holdsCursor ? .title : .bar
      draw(stretch, span.site.function, Style(role), &canvas, row, used: &used)
    }
  }

  /// The columns that some time takes; `nil` where it is not visible.
  private func stretch(_ from: Instant, _ to: Instant?, _ columns: Int) -> Stretch? {
    let begin = slices.index(of: from)
    let end = to.map { slices.index(of: max(from, $0 - Nanoseconds(1))) } ?? Int64(columns)
    guard begin < Int64(columns), end >= 0, columns > 0 else { return nil }
    return Stretch(
      first: Int(max(0, begin)), last: Int(min(Int64(columns) - 1, end)), opens: begin >= 0,
      closes: end < Int64(columns))
  }

  /// Draws brackets with a name between them. What has a single column is a stroke, several in one column a smudge; what
  /// has more goes before what has not.
  private func draw(
    _ stretch: Stretch, _ name: String, _ style: Style, _ canvas: inout Canvas, _ row: Area, used: inout Used
  ) {
    let width = stretch.last - stretch.first + 1
    let isShared = stretch.first <= used.last
    defer { used = Used(last: max(used.last, stretch.last), isWide: isShared && width == 1 ? used.isWide : width > 1) }
    guard width > 1 else {
      if isShared && used.isWide { return }
      return canvas.draw(isShared ? canvas.glyphs.crowd : "|", place(row, stretch.first, 1), style: style)
    }
    canvas.draw(String(repeating: canvas.glyphs.rule, count: width), place(row, stretch.first, width), style: style)
    if stretch.opens { canvas.draw("[", place(row, stretch.first, 1), style: style) }
    if stretch.closes { canvas.draw("]", place(row, stretch.last, 1), style: style) }
    if width > 4 { canvas.draw(name, place(row, stretch.first + 1, width - 2), style: style) }
  }

  /// The last column that something was drawn in, and whether that something had more than one.
  private struct Used {
    var last = -1
    var isWide = false
  }

  private func place(_ row: Area, _ column: Int, _ width: Int) -> Area {
    Area(x: row.x + labelWidth + column, y: row.y, width: width, height: 1)
  }
}
