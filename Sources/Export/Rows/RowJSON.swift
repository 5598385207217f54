import Analysis

/// Rows as a JSON array of objects, one a line.
enum RowJSON {
  static func write(_ query: TraceQuery, to output: (String) throws(ExportError) -> Void) throws(ExportError) {
    let keys = unique(query.columns)
    var separator = "[\n"
    while let row = try query.next() {
      try output(separator + JSON.object(Array(zip(keys, row.map(json)))).text)
      separator = ",\n"
    }
    try output(separator == "[\n" ? "[]\n" : "\n]\n")
  }

  private static func json(_ value: SQLValue) -> JSON {
    switch value {
    case .null: .null
    case .integer(let value): .integer(value)
    case .real(let value): .number(value)
    case .text(let value): .string(value)
    case .blob(let bytes): .string(bytes.hexadecimal)
    }
  }

  /// An object has a key once: the second `ns` is `ns_2`.
  private static func unique(_ columns: [String]) -> [String] {
    var taken: Set<String> = []
    return columns.map { column in
      var key = column
      var number = 2
      while !taken.insert(key).inserted {
        key = "\(column)_\(number)"
        number += 1
      }
      return key
    }
  }
}
