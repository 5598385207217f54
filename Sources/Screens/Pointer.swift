import Analysis

/// What a mouse did, and in which column and row, counted from 0.
public enum Pointer: Hashable, Sendable {
  /// Its button went down.
  case press(x: Int, y: Int)
  /// Its button went up.
  case release(x: Int, y: Int)
  /// Its wheel was turned up.
  case wheelUp(x: Int, y: Int)
  /// Its wheel was turned down.
  case wheelDown(x: Int, y: Int)
}

extension ScreenState {
  /// Does what a click stands for: a tab shows its view, a title sorts, a row is selected and then opened, a moment of the timeline is
  /// looked at, and a stretch of it that was drawn over is shown in full. The wheel goes through rows, and over the
  /// timeline through lengths.
  public mutating func handle(_ pointer: Pointer, input: ScreenInput, size: Size) -> Effect? {
    guard prompt == nil else { return nil }
    message = nil
    switch pointer {
    case .press(let x, let y): return press(x, y, input: input, size: size)
    case .release(let x, _):
      guard let from = drag else { return nil }
      drag = nil
      select(columns: from, x, input: input, size: size)
      return nil
    case .wheelUp(_, let y): return turn(up: true, overTimeline: isTimeline(y, size), input: input, size: size)
    case .wheelDown(_, let y): return turn(up: false, overTimeline: isTimeline(y, size), input: input, size: size)
    }
  }

  private mutating func turn(up: Bool, overTimeline: Bool, input: ScreenInput, size: Size) -> Effect? {
    let command: Command = overTimeline ? (up ? .zoomIn : .zoomOut) : up ? .up : .down
    return perform(command, input: input, size: size)
  }

  /// Whether a row belongs to the timeline in front.
  private func isTimeline(_ y: Int, _ size: Size) -> Bool {
    let body = Layout(size).body
    guard view == .ticks, front.details == nil else { return false }
    return (body.y..<body.y + view.rowsAboveList(body.height)).contains(y)
  }

  private mutating func press(_ x: Int, _ y: Int, input: ScreenInput, size: Size) -> Effect? {
    let layout = Layout(size)
    if y == layout.header.y + layout.header.height - 1 { return pressTab(x, input, size) }
    if isTimeline(y, size) {
      drag = x
      return nil
    }
    guard layout.body.height > 0, (layout.body.y..<layout.footer.y).contains(y) else { return nil }
    return front.details == nil ? pressRow(x, y, input, size) : pressLine(y, input, size)
  }

  private mutating func pressTab(_ x: Int, _ input: ScreenInput, _ size: Size) -> Effect? {
    var end = 0
    for (view, run) in Header.tabs(shown(input).report, self, width: size.width) {
      end += run.text.unicodeScalars.count
      if x < end { return perform(.show(view), input: input, size: size) }
    }
    return nil
  }

  private mutating func pressRow(_ x: Int, _ y: Int, _ input: ScreenInput, _ size: Size) -> Effect? {
    guard let name = view.list else { return nil }
    let body = Layout(size).body
    let above = view.rowsAboveList(body.height) + 1
    let height = max(1, body.height - above)
    var list = lists[name] ?? ListState()
    if y == body.y + above - 1 {
      sort(name, byColumnAt: x, size)
      return nil
    }
    let things = things(name, shown(input))
    let row = list.top(in: things, height: height) + y - body.y - above
    guard things.indices.contains(row), y >= body.y + above else { return nil }
    if list.selection?.thing == things[row] { return perform(.open, input: input, size: size) }
    list.select(row, in: things, height: height)
    lists[name] = list
    return nil
  }

  /// Sorts by the column whose title was clicked, in the other direction where it is that one already; the space ahead of
  /// all titles stands for the report's own order.
  private mutating func sort(_ name: ListName, byColumnAt x: Int, _ size: Size) {
    var list = lists[name] ?? ListState()
    let column = name.listing.places(size.width).last { $0.x <= x }?.column
    list.isReversed = list.sort == column && !list.isReversed
    list.sort = column
    lists[name] = list
  }

  private mutating func pressLine(_ y: Int, _ input: ScreenInput, _ size: Size) -> Effect? {
    let body = Layout(size).body
    let lines = details(shown(input)) ?? []
    let height = detailsHeight(body.height)
    let line = max(0, min(front.top, lines.count - height)) + y - body.y - (body.height - height)
    let links = lines.indices.filter { lines[$0].target != nil }
    guard let link = links.firstIndex(of: line) else { return nil }
    front.link = link
    return perform(.open, input: input, size: size)
  }
}
