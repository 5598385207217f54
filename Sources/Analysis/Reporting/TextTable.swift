/// Columns of text, each as wide as its widest cell.
struct TextTable {
  /// Where a column's cells stand.
  enum Alignment {
    case left
    case right
  }

  private let headings: [(String, Alignment)]
  private var rows: [[String]] = []

  /// Without rows yet.
  init(_ headings: (String, Alignment)...) { self.headings = headings }

  /// Adds a row, a cell for each heading; its texts are free of control characters.
  mutating func add(_ cells: String...) {
    precondition(cells.count == headings.count, "\(cells.count) cells under \(headings.count) headings")
    rows.append(cells)
  }

  /// The table's lines, indented by two; what is wider than `width` loses the middle of its first column.
  func lines(width: Int) -> [String] {
    let titles = headings.map(\.0)
    var widths = headings.indices.map { column in
      ([titles] + rows).map { $0[column].displayWidth }.max() ?? 0
    }
    let surplus = 2 + widths.reduce(0, +) + 2 * (widths.count - 1) - width
    if surplus > 0 { widths[0] = max(widths[0] - surplus, 8) }
    return ([titles] + rows).map { row in
      var line = " "
      for (column, cell) in row.enumerated() {
        let cell = column == 0 ? cell.shortened(to: widths[0]) : cell
        let blanks = String(repeating: " ", count: max(widths[column] - cell.displayWidth, 0))
        line += (column == 0 ? " " : "  ") + (headings[column].1 == .left ? cell + blanks : blanks + cell)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
