import Analysis

/// Rows in columns. The first thousand set their width, so that an answer of any length is written as it is found.
enum RowTable {
  private static let measured = 1_000

  static func write(_ query: TraceQuery, to output: (String) throws(ExportError) -> Void) throws(ExportError) {
    let titles = query.columns.map { Format.visible($0) }
    var rows: [[Cell]] = []
    while rows.count < measured, let row = try query.next() { rows.append(row.map(Cell.init)) }
    let widths = titles.indices.map { column in
      rows.reduce(titles[column].displayWidth) { max($0, $1[column].text.displayWidth) }
    }
    let numeric = titles.indices.map { column in
      !rows.isEmpty && rows.allSatisfy { $0[column].isNumber || $0[column].text.isEmpty }
    }
    func line(_ cells: [String]) -> String {
      var line = ""
      for (column, cell) in cells.enumerated() {
        let blanks = String(repeating: " ", count: max(widths[column] - cell.displayWidth, 0))
        line += (column == 0 ? "" : "  ") + (numeric[column] ? blanks + cell : cell + blanks)
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }
    try output(line(titles))
    for row in rows { try output(line(row.map(\.text))) }
    rows = []
    while let row = try query.next() { try output(line(row.map { Cell($0).text })) }
  }

  /// A value as it is shown.
  private struct Cell {
    var text: String
    var isNumber = false

    init(_ value: SQLValue) {
      switch value {
      case .null: text = ""
      case .integer(let value): (text, isNumber) = ("\(value)", true)
      case .real(let value): (text, isNumber) = ("\(value)", true)
      case .text(let value): text = Format.visible(value)
      case .blob(let bytes): text = bytes.hexadecimal
      }
    }
  }
}

extension [UInt8] {
  /// Two digits a byte.
  var hexadecimal: String {
    reduce(into: "") { $0 += ($1 < 16 ? "0" : "") + String($1, radix: 16) }
  }
}
