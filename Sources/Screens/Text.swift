/// Where a text that is too long loses characters: at the end that tells least.
enum Cut: Sendable {
  /// Names keep their start.
  case end
  /// Paths keep their end.
  case start
}

/// A stretch of text in one style.
struct Run: Hashable {
  var text: String
  var style: Style

  init(_ text: String, _ role: Style.Role = .normal) {
    self.text = text
    style = Style(role)
  }
}

/// A line of text in several styles.
typealias Line = [Run]

/// What characters the screens may use.
public enum Glyphs: Hashable, Sendable {
  /// Any that a UTF-8 terminal has.
  case unicode
  /// ASCII only.
  case ascii

  var ellipsis: String { self == .unicode ? "…" : "~" }
  var running: String { self == .unicode ? "▶" : ">" }
  var rule: String { self == .unicode ? "─" : "-" }
  /// Several things in one cell.
  var crowd: String { self == .unicode ? "▒" : "%" }
  var atMost: String { self == .unicode ? "≤" : "<" }
  var idle: String { self == .unicode ? "·" : "." }
  var cursor: String { self == .unicode ? "▲" : "^" }
  var descending: String { self == .unicode ? "▼" : "v" }
  var ascending: String { self == .unicode ? "▲" : "^" }
  var full: String { self == .unicode ? "█" : "#" }
  /// From nothing to all of a cell.
  var blocks: [String] { (self == .unicode ? " ▁▂▃▄▅▆▇█" : " .:-=+*#").map(String.init) }
}

/// A grid with the glyphs that may be used on it: what views draw into.
struct Canvas {
  private(set) var grid: Grid
  let glyphs: Glyphs

  init(_ size: Size, glyphs: Glyphs) {
    grid = Grid(size)
    self.glyphs = glyphs
  }

  /// The text cut to a width, with an ellipsis where something is missing.
  func fit(_ text: String, _ width: Int, cut: Cut = .end) -> [Piece] {
    let pieces = Pieces(text, ascii: glyphs == .ascii)
    guard pieces.width > width else { return pieces.pieces }
    guard width > 0 else { return [] }
    let ellipsis = Piece(text: glyphs.ellipsis, width: 1)
    switch cut {
    case .end: return pieces.prefix(width - 1) + [ellipsis]
    case .start:
      let kept = pieces.suffix(width - 1)
      // A folder's name is whole or not there at all, unless that leaves nothing.
      return [ellipsis] + (kept.firstIndex { $0.text == "/" }.map { kept[$0...] } ?? kept[...])
    }
  }

  /// Draws a text into the area's first row.
  mutating func draw(_ text: String, _ area: Area, style: Style = .normal, cut: Cut = .end, right: Bool = false) {
    guard area.width > 0, area.height > 0 else { return }
    let pieces = fit(text, area.width, cut: cut)
    let indent = right ? area.width - pieces.reduce(0) { $0 + $1.width } : 0
    grid.put(pieces, x: area.x + indent, y: area.y, end: area.x + area.width, style: style)
  }

  /// Draws runs one after the other into the area's first row; the one that does not fit is cut, the rest left out.
  mutating func draw(_ line: Line, _ area: Area) {
    guard area.height > 0 else { return }
    var area = area
    for run in line where area.width > 0 {
      let pieces = fit(run.text, area.width)
      grid.put(pieces, x: area.x, y: area.y, end: area.x + area.width, style: run.style)
      let width = pieces.reduce(0) { $0 + $1.width }
      area.x += width
      area.width -= width
    }
  }

  /// Draws a line at the left and one at the right of the area's first row; the left one gives way.
  mutating func draw(_ left: Line, right: Line, _ area: Area) {
    let width = min(area.width, cells(right))
    draw(right, Area(x: area.x + area.width - width, y: area.y, width: width, height: area.height))
    draw(left, Area(x: area.x, y: area.y, width: area.width - width - 1, height: area.height))
  }

  /// The cells that a line takes when nothing is cut.
  func cells(_ line: Line) -> Int { line.reduce(0) { $0 + Pieces($1.text, ascii: glyphs == .ascii).width } }

  mutating func select(_ area: Area) { grid.select(area) }

  /// Marks a text wherever it stands in an area, in whatever case.
  mutating func mark(_ text: String, in area: Area) {
    let wanted = Pieces(text, ascii: glyphs == .ascii).pieces.map { $0.text.lowercased() }
    guard !wanted.isEmpty else { return }
    for y in area.y..<min(area.y + area.height, grid.size.height) {
      // Of a wide character only the first half has a text.
      let cells = grid.row(y).filter { $0.width > 0 }.map { $0.text.lowercased() }
      let columns = grid.row(y).enumerated().filter { $0.element.width > 0 }.map(\.offset)
      guard cells.count >= wanted.count else { continue }
      for start in 0...(cells.count - wanted.count) where cells[start..<start + wanted.count].elementsEqual(wanted) {
        let first = columns[start]
        let end = start + wanted.count < columns.count ? columns[start + wanted.count] : grid.size.width
        grid.restyle(Area(x: first, y: y, width: end - first, height: 1), .match)
      }
    }
  }
}

/// A name and what it stands at.
func fact(_ name: String, _ value: String, _ role: Style.Role = .normal) -> Line {
  [Run("  " + filled(name, 12), .dim), Run(value, role)]
}

/// A text of narrow characters with blanks after it, one at least unless it is said otherwise.
func filled(_ text: String, _ width: Int, least: Int = 1) -> String {
  text + String(repeating: " ", count: max(least, width - text.unicodeScalars.count))
}

/// A text of narrow characters with blanks before it.
func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
}

/// A bar of so many cells, filled from the left by a share, 0 … 1.
func bar(_ share: Double, cells: Int, _ glyphs: Glyphs) -> String {
  let full = max(share > 0 ? 1 : 0, Int((max(0, min(1, share)) * Double(cells)).rounded()))
  return String(repeating: glyphs.full, count: full) + String(repeating: " ", count: cells - full)
}
