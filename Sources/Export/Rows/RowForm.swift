import Analysis

/// How the answer to a question is written.
///
/// ```swift
/// let query = try TraceQuery("SELECT 1 AS one", of: ExportSource(TraceStore(path: "spike.looptrace")))
/// try RowForm.csv.write(query) { print($0, terminator: "") }
/// ```
public enum RowForm: Sendable {
  /// Columns as wide as their cells, for a person.
  case table
  /// RFC 4180: what stands in quotes may hold line ends.
  case csv
  /// An array of objects, one a line.
  case json

  /// Writes all rows, each as it is found. Throws what the question and `output` throw.
  public func write(_ query: TraceQuery, to output: (String) throws(ExportError) -> Void) throws(ExportError) {
    switch self {
    case .table: try RowTable.write(query, to: output)
    case .csv: try RowCSV.write(query, to: output)
    case .json: try RowJSON.write(query, to: output)
    }
  }
}
