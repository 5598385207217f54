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
  Header.draw(&canvas, layout.header, shown, state, newest: input.report.trace.to)
  let position = drawBody(&canvas, layout.body, shown, state)
  if let search = state.search { canvas.mark(search, in: layout.body) }
  if let stop = state.tour { drawTour(&canvas, layout.body, stop) }
  drawFooter(&canvas, layout.footer, state, position)
  return canvas.grid
}

/// Draws what is in front; returns what part of it that is.
private func drawBody(_ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ScreenState) -> String {
  if let lines = state.details(input, width: area.width - 2) {
    var area = area
    if let window = input.window, let (_, slices) = state.detailedTime(canvas.grid.size), window.from == slices.from {
      StripPicture(
        window: window, slices: slices, cursor: state.time.cursor, labelWidth: TimelinePicture.scaleWidth
      )
      .draw(&canvas, area.takeTop(state.pictureHeight(area.height)))
    }
    let position = draw(lines, state.front, &canvas, area)
    // What is found may lie below what is seen.
    return (input.looking.map { "looking \(Format.percent($0))  " } ?? "") + position
  }
  guard let name = state.view.list else {
    if state.view == .loop {
      LoopPicture(input: input).draw(&canvas, area)
      return ""
    }
    return draw(helpLines(input.glyphs).map { DetailLine($0) }, state.front, &canvas, area)
  }
  var area = area
  if state.view == .ticks {
    TicksPanel.draw(&canvas, area.takeTop(state.view.rowsAboveList(area.height)), input, state)
  }
  let list = state.lists[name] ?? ListState()
  let listing = name.listing
  listing.draw(&canvas, area, input, list, state.filter.with(state.marked), state.marked)
  let things = state.things(name, input)
  let filtered = state.filter.isEmpty ? "" : "filter \(state.filter.text): "
  return things.isEmpty ? filtered + "none" : "\(filtered)\(list.row(in: things) + 1) of \(things.count)"
}

/// Draws lines from the `top`th on, the selected one of those that lead somewhere as such; returns which of how many,
/// where that is not all.
private func draw(_ lines: [DetailLine], _ front: ScreenState.Front, _ canvas: inout Canvas, _ area: Area) -> String {
  var area = area
  let top = max(0, min(front.top, lines.count - area.height))
  let shown = lines[top...].prefix(area.height)
  let links = lines.indices.filter { lines[$0].target != nil }
  let selected = links.isEmpty ? nil : links[max(0, min(front.link, links.count - 1))]
  for (index, line) in zip(shown.indices, shown) {
    let row = area.takeTop(1)
    canvas.draw(line.line, row)
    if index == selected { canvas.select(row) }
  }
  return shown.count < lines.count ? "\(top + 1)-\(shown.endIndex) of \(lines.count)" : ""
}

/// What is typed, else what was said last, else the commands that there are here.
private func drawFooter(_ canvas: inout Canvas, _ area: Area, _ state: ScreenState, _ position: String) {
  if let prompt = state.prompt {
    let hint: Line = prompt.text.isEmpty ? [Run(" " + prompt.hint, .dim)] : completions(prompt)
    return canvas.draw([Run(prompt.lead, .title), Run(prompt.text), Run(" ", .heading)] + hint, area)
  }
  if let message = state.message { return canvas.draw([Run(message, .title)], right: [Run(position, .dim)], area) }
  var line: Line = []
  for entry in CommandEntry.all where entry.places.contains(state.place) {
    guard let footer = entry.footer else { continue }
    let next: Line = [Run(footer.keys, .heading), Run(" \(footer.name)  ")]
    guard canvas.cells(line + next) + position.unicodeScalars.count <= area.width else { continue }
    line += next
  }
  canvas.draw(line, right: [Run(position, .dim)], area)
}

/// The commands that what is typed could become.
private func completions(_ prompt: Prompt) -> Line {
  guard prompt.purpose == .command else { return [] }
  let words = prompt.candidates.prefix(6).map(\.word).joined(separator: " ")
  return [Run("  " + (words.isEmpty ? "no such command" : words), .dim)]
}
