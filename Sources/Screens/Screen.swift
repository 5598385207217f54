import Analysis
import Trace

/// Where things stand on a screen.
struct Layout {
  let header: Area
  let body: Area
  let footer: Area

  /// Below this nothing can be told apart.
  static let least = Size(width: 40, height: 10)

  init(_ size: Size) {
    var area = Area(x: 0, y: 0, width: size.width, height: size.height)
    header = area.takeTop(Header.height)
    footer = area.takeBottom(1)
    body = area
  }
}

/// The screen of a moment. Pure: the same input, state and size give the same cells.
public func draw(_ input: ScreenInput, _ state: ScreenState, size: Size) -> Grid {
  let shown = state.shown(input)
  var canvas = Canvas(size, glyphs: shown.glyphs)
  guard size.width >= Layout.least.width, size.height >= Layout.least.height else {
    let least = "\(Layout.least.width)x\(Layout.least.height)"
    canvas.draw("looptop needs \(least), not \(size.width)x\(size.height)", canvas.grid.area)
    return canvas.grid
  }
  let layout = Layout(size)
  let behind = state.isPaused ? input.report.trace.to - shown.report.trace.to : nil
  Header.draw(&canvas, layout.header, shown, state, behind: behind)
  if let top = state.help {
    draw(helpLines(), from: top, &canvas, layout.body)
  } else if let details = state.details {
    let lines = detailLines(of: details.thing, shown)
    draw(lines ?? [[Run("It is no longer listed.", .dim)]], from: details.top, &canvas, layout.body)
  } else {
    draw(state.view, state.lists[state.view.list] ?? ListState(), &canvas, layout.body, shown)
  }
  drawFooter(&canvas, layout.footer, state.place)
  return canvas.grid
}

private func draw(_ view: View, _ list: ListState, _ canvas: inout Canvas, _ area: Area, _ input: ScreenInput) {
  var area = area
  if view == .ticks { TicksPanel.draw(&canvas, area.takeTop(view.rowsAboveList(area.height)), input) }
  view.list.listing.draw(&canvas, area, input, list)
}

/// Lines from the `top`th on; where there are more, the last row says so.
private func draw(_ lines: [Line], from top: Int, _ canvas: inout Canvas, _ area: Area) {
  var area = area
  let top = max(0, min(top, lines.count - area.height))
  for line in lines[top...].prefix(area.height) { canvas.draw(line, area.takeTop(1)) }
}

/// What is known of a thing; `nil` where the report does not list it any more.
func detailLines(of thing: Thing, _ input: ScreenInput) -> [Line]? {
  let setting = Setting(input)
  switch thing {
  case .site: return input.report.sites.first { $0.thing == thing }.map { detailLines($0, setting) }
  case .stall: return input.report.stalls.first { $0.thing == thing }.map { detailLines($0, setting) }
  case .chain: return input.report.chainList.first { $0.thing == thing }.map { detailLines($0, setting) }
  }
}

private func drawFooter(_ canvas: inout Canvas, _ area: Area, _ place: Place) {
  var line: Line = []
  for entry in CommandEntry.all where entry.inFooter && entry.places.contains(place) {
    let next: Line = [Run(entry.keys[0].name, .heading), Run(" \(entry.name)  ")]
    guard canvas.cells(line + next) <= area.width else { break }
    line += next
  }
  canvas.draw(line, area)
}
