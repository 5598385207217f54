import CSQLite
import Trace

/// What can keep a trace from being turned into something else.
public enum ExportError: Error, Hashable, Sendable {
  /// SQL that SQLite does not take, and what it said.
  case query(String)
  /// More than one statement.
  case severalStatements
  /// No statement at all.
  case noStatement
  /// A statement that would change something.
  case notAQuery
  /// The database itself failed, for want of room or memory: SQLite's code and what it said.
  case database(code: Int32, String)
  /// The trace holds no event.
  case noEvents(name: String)
  /// The trace cannot be read.
  case trace(TraceError)
  /// What was made cannot be written: which call, on what, why.
  case system(call: String, name: String, errno: Int32)
}
