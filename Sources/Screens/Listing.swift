import Analysis

/// Where a person is in a list.
struct ListState: Hashable, Sendable {
  /// The column that it is sorted by; `nil` is the report's order, worst first.
  var sort: Int?
  var isReversed = false
  /// What is selected, and the row it was at when last seen; `nil` stays on the first row, whatever is there.
  var selection: Selection?
  /// The first row shown, as far as the selection lets it be.
  var top = 0

  struct Selection: Hashable, Sendable {
    var thing: Thing
    var row: Int
  }

  /// The selected row among these; where the thing is gone, the row that took its place.
  func row(in things: [Thing]) -> Int {
    guard let selection else { return 0 }
    return things.firstIndex(of: selection.thing) ?? max(0, min(selection.row, things.count - 1))
  }

  /// The first row shown when `height` fit.
  func top(in things: [Thing], height: Int) -> Int {
    let row = row(in: things)
    let highest = max(0, row - height + 1)
    return max(highest, min(top, row, max(0, things.count - height)))
  }

  /// Selects a row and scrolls no more than it takes to show it.
  mutating func select(_ row: Int, in things: [Thing], height: Int) {
    guard !things.isEmpty else { return selection = nil }
    let row = max(0, min(row, things.count - 1))
    selection = Selection(thing: things[row], row: row)
    top = top(in: things, height: height)
  }
}

/// A list of the report, drawn, sorted and filtered by its table of columns.
struct Listing: Sendable {
  /// The columns that there are in a width, each with where it begins.
  let places: @Sendable (Int) -> [(column: Int, x: Int)]
  /// Its rows in order.
  let things: @Sendable (ScreenInput, ListState, Filter) -> [Thing]
  /// The rows in whose columns a text stands.
  let matches: @Sendable (String, ScreenInput, ListState, Filter) -> [Int]
  /// Draws titles and rows; those of marked things have a mark.
  let draw: @Sendable (inout Canvas, Area, ScreenInput, ListState, Filter, Set<Thing>) -> Void

  /// A list from its columns; `empty` says what it means that there is no row.
  init<Row>(
    columns: [Column<Row>], empty: String, rows: @escaping @Sendable (Report) -> [Row],
    weight: @escaping @Sendable (Row) -> Weight, facts: @escaping @Sendable (Row) -> RowFacts
  ) {
    let table = Table(columns: columns, empty: empty, rows: rows, weight: weight, facts: facts)
    places = { table.places(inWidth: $0).map { ($0.column, $0.x) } }
    things = { table.sorted($0.report, $1, $2).map { facts($0).thing } }
    matches = { table.matches($0, $1, $2, $3) }
    draw = { table.draw(&$0, $1, $2, $3, $4, $5) }
  }

  func rows(matching text: String, _ input: ScreenInput, _ state: ListState, _ filter: Filter) -> [Int] {
    matches(text, input, state, filter)
  }
}

/// What a listing knows about its rows' type.
private struct Table<Row>: Sendable {
  let columns: [Column<Row>]
  let empty: String
  let rows: @Sendable (Report) -> [Row]
  let weight: @Sendable (Row) -> Weight
  let facts: @Sendable (Row) -> RowFacts

  func sorted(_ report: Report, _ state: ListState, _ filter: Filter) -> [Row] {
    var rows = rows(report)
    if !filter.isEmpty { rows = rows.filter { filter.admits(facts($0)) } }
    if let sort = state.sort, columns.indices.contains(sort) {
      rows = rows.map { ($0, columns[sort].key($0)) }.enumerated()
        .sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }.map(\.element.0)
    }
    return state.isReversed ? rows.reversed() : rows
  }

  func matches(_ text: String, _ input: ScreenInput, _ state: ListState, _ filter: Filter) -> [Int] {
    let (text, setting) = (text.lowercased(), Setting(input))
    return sorted(input.report, state, filter).enumerated().filter { _, row in
      columns.contains { $0.text(row, setting).lowercased().contains(text) }
    }.map(\.offset)
  }

  func draw(
    _ canvas: inout Canvas, _ area: Area, _ input: ScreenInput, _ state: ListState, _ filter: Filter,
    _ marked: Set<Thing>
  ) {
    var area = area
    let rows = sorted(input.report, state, filter)
    let places = places(inWidth: area.width)
    drawTitles(&canvas, area.takeTop(1), places, state)
    guard !rows.isEmpty else {
      return canvas.draw(filter.isEmpty ? empty : "Nothing passes the filter.", area, style: Style(.dim))
    }
    let things = rows.map { facts($0).thing }
    let selected = state.row(in: things)
    let top = state.top(in: things, height: area.height)
    let setting = Setting(input)
    for index in top..<min(rows.count, top + area.height) {
      let line = area.takeTop(1)
      drawRow(&canvas, line, rows[index], places, setting)
      if marked.contains(things[index]) {
        canvas.draw("*", Area(x: line.x + 1, y: line.y, width: 1, height: 1), style: Style(.title))
      }
      if index == selected { canvas.select(line) }
    }
  }

  private func drawTitles(
    _ canvas: inout Canvas, _ area: Area, _ places: [(column: Int, x: Int, width: Int)], _ state: ListState
  ) {
    canvas.draw(String(repeating: " ", count: area.width), area, style: Style(.heading))
    let arrow = state.isReversed ? canvas.glyphs.ascending : canvas.glyphs.descending
    // The report's own order belongs to no column: its arrow stands over the marks.
    if state.sort == nil { canvas.draw(arrow, area, style: Style(.heading)) }
    for place in places {
      let column = columns[place.column]
      let title = place.column == state.sort ? column.title + arrow : column.title
      let cell = Area(x: area.x + place.x, y: area.y, width: place.width, height: 1)
      canvas.draw(title, cell, style: Style(.heading), right: column.isRight)
    }
  }

  private func drawRow(
    _ canvas: inout Canvas, _ area: Area, _ row: Row, _ places: [(column: Int, x: Int, width: Int)], _ setting: Setting
  ) {
    let weight = weight(row)
    canvas.draw(weight.mark(setting.glyphs), area, style: Style(weight.role))
    for (number, place) in places.enumerated() {
      let column = columns[place.column]
      let cell = Area(x: area.x + place.x, y: area.y, width: place.width, height: 1)
      // The first column names the row: it carries the row's weight.
      let style = Style(number == 0 ? weight.role : .normal)
      canvas.draw(column.text(row, setting), cell, style: style, cut: column.cut, right: column.isRight)
    }
  }

  /// The columns that have room, each with its first column and width; the mark has the first two.
  func places(inWidth width: Int) -> [(column: Int, x: Int, width: Int)] {
    let shown = columns.indices.filter { columns[$0].from <= width }
    let fixed = shown.reduce(0) { $0 + columns[$1].fixedWidth }
    let shares = shown.reduce(0) { $0 + columns[$1].share }
    var free = max(0, width - 2 - fixed - (shown.count - 1))
    var sharesLeft = shares
    var x = 2
    return shown.map { index in
      let column = columns[index]
      var width = column.fixedWidth
      if column.share > 0 {
        width = free * column.share / sharesLeft
        free -= width
        sharesLeft -= column.share
      }
      defer { x += width + 1 }
      return (index, x, width)
    }
  }
}

extension Column {
  fileprivate var isRight: Bool { if case .right = room { true } else { false } }
  fileprivate var share: Int { if case .share(let share) = room { share } else { 0 } }
  fileprivate var fixedWidth: Int {
    switch room {
    case .left(let width), .right(let width): width
    case .share: 0
    }
  }
}
