/// A number of columns and rows.
public struct Size: Hashable, Sendable {
  /// Columns.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A size from its parts; what is negative counts as none.
  public init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
  }
}

/// A part of a grid.
struct Area: Hashable {
  var x: Int
  var y: Int
  var width: Int
  var height: Int

  /// Takes rows off the top; fewer where there are fewer.
  mutating func takeTop(_ rows: Int) -> Area {
    let rows = max(0, min(rows, height))
    defer { y += rows; height -= rows }
    return Area(x: x, y: y, width: width, height: rows)
  }

  /// Takes rows off the bottom; fewer where there are fewer.
  mutating func takeBottom(_ rows: Int) -> Area {
    let rows = max(0, min(rows, height))
    height -= rows
    return Area(x: x, y: y + height, width: width, height: rows)
  }
}

/// One character's place on the screen.
public struct Cell: Hashable, Sendable {
  /// One visible scalar and its combining marks (at most three); empty in the second half of a wide one.
  public var text: String
  /// Columns: 1, 2, or 0 for the second half of a wide one.
  public var width: Int
  /// How it looks.
  public var style: Style

  static let blank = Cell(text: " ", width: 1, style: .normal)
}

/// A screen as cells: what the terminal paints and what the tests compare. Holds no control character, ever.
public struct Grid: Hashable, Sendable {
  /// Columns and rows.
  public let size: Size
  /// Row by row; `size.width * size.height` of them.
  public private(set) var cells: [Cell]

  /// A blank grid.
  public init(_ size: Size) {
    self.size = size
    cells = Array(repeating: .blank, count: size.width * size.height)
  }

  /// The cells of a row; a precondition that there is such a row.
  public func row(_ y: Int) -> ArraySlice<Cell> {
    precondition((0..<size.height).contains(y), "no row \(y) in a grid of \(size.height)")
    return cells[y * size.width..<(y + 1) * size.width]
  }

  /// The grid as lines of text, without the blanks at their ends.
  public var lines: [String] {
    (0..<size.height).map { y in
      let text = row(y).map(\.text).joined()
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
  }

  var area: Area { Area(x: 0, y: 0, width: size.width, height: size.height) }

  /// Puts pieces side by side from `x` on; what would pass `end` or the grid is left out.
  mutating func put(_ pieces: some Sequence<Piece>, x: Int, y: Int, end: Int, style: Style) {
    guard (0..<size.height).contains(y), x >= 0 else { return }
    var x = x
    for piece in pieces {
      guard x + piece.width <= min(end, size.width) else { return }
      set(Cell(text: piece.text, width: piece.width, style: style), x: x, y: y)
      if piece.width == 2 { cells[y * size.width + x + 1] = Cell(text: "", width: 0, style: style) }
      x += piece.width
    }
  }

  /// Writes a cell, and blanks what is left of a wide character that it covers the half of.
  private mutating func set(_ cell: Cell, x: Int, y: Int) {
    let at = y * size.width + x
    if cells[at].width == 0 { cells[at - 1] = Cell(text: " ", width: 1, style: cells[at - 1].style) }
    let after = at + cell.width
    if x + cell.width < size.width, cells[after].width == 0 {
      cells[after] = Cell(text: " ", width: 1, style: cells[after].style)
    }
    cells[at] = cell
  }

  /// Gives a row's cells another role.
  mutating func restyle(_ area: Area, _ role: Style.Role) {
    guard (0..<size.height).contains(area.y) else { return }
    for x in area.x..<min(area.x + area.width, size.width) { cells[area.y * size.width + x].style.role = role }
  }

  /// Marks a row's cells as selected, the blank ones too.
  mutating func select(_ area: Area) {
    guard (0..<size.height).contains(area.y) else { return }
    for x in area.x..<min(area.x + area.width, size.width) { cells[area.y * size.width + x].style.isSelected = true }
  }
}
