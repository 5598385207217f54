import Analysis
import Trace

/// Rows as comma-separated values; nothing stands for what is not known.
enum RowCSV {
  static func write(_ query: TraceQuery, to output: (String) throws(ExportError) -> Void) throws(ExportError) {
    try output(query.columns.map { quoted(harmless($0)) }.joined(separator: ",") + "\r\n")
    while let row = try query.next() { try output(row.map(text).joined(separator: ",") + "\r\n") }
  }

  private static func text(_ value: SQLValue) -> String {
    switch value {
    case .null: ""
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let value): quoted(harmless(value))
    case .blob(let bytes): bytes.hexadecimal
    }
  }

  /// The text with what a terminal would obey shown, but for what a text may well hold.
  private static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.isUnprintable) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      let isKept = scalar == "\n" || scalar == "\r" || scalar == "\t"
      result += isKept ? String(scalar) : Format.visible(String(scalar))
    }
  }

  private static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else {
      // What is empty is not what is not known.
      return text.isEmpty ? "\"\"" : text
    }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
