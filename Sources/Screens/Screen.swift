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
  let position = drawBody(&canvas, layout.body, shown, state)
  drawFooter(&canvas, layout.footer, state.place, position)
  return canvas.grid
}

/// Draws what is in front; returns what part of it that is.
private func drawBody(_ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ScreenState) -> String {
  if let top = state.help { return draw(helpLines(), from: top, &canvas, area) }
  if let details = state.details {
    let lines = detailLines(of: details.thing, input) ?? [[Run("It is no longer listed.", .dim)]]
    return draw(lines, from: details.top, &canvas, area)
  }
  var area = area
  if state.view == .ticks { TicksPanel.draw(&canvas, area.takeTop(state.view.rowsAboveList(area.height)), input) }
  let list = state.lists[state.view.list] ?? ListState()
  let listing = state.view.list.listing
  listing.draw(&canvas, area, input, list)
  let things = listing.things(input.report, list)
  return things.isEmpty ? "" : "\(list.row(in: things) + 1) of \(things.count)"
}

/// Draws lines from the `top`th on; returns which of how many, where that is not all.
private func draw(_ lines: [Line], from top: Int, _ canvas: inout Canvas, _ area: Area) -> String {
  var area = area
  let top = max(0, min(top, lines.count - area.height))
  let shown = lines[top...].prefix(area.height)
  for line in shown { canvas.draw(line, area.takeTop(1)) }
  return shown.count < lines.count ? "\(top + 1)-\(shown.endIndex) of \(lines.count)" : ""
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

private func drawFooter(_ canvas: inout Canvas, _ area: Area, _ place: Place, _ position: String) {
  var line: Line = []
  for entry in CommandEntry.all where entry.inFooter && entry.places.contains(place) {
    let next: Line = [Run(entry.keys[0].name, .heading), Run(" \(entry.name)  ")]
    guard canvas.cells(line + next) + position.utf8.count <= area.width else { break }
    line += next
  }
  canvas.draw(line, right: [Run(position, .dim)], area)
}
