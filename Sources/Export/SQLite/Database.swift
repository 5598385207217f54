import CSQLite

/// A value in a row.
public enum SQLValue: Hashable, Sendable {
  /// Nothing, or not known.
  case null
  /// A whole number.
  case integer(Int64)
  /// A number.
  case real(Double)
  /// A text.
  case text(String)
  /// Bytes.
  case blob([UInt8])
}

/// A connection to SQLite.
final class Database {
  let handle: OpaquePointer

  /// Opens a database; an empty path is one of its own that keeps what does not fit into its cache in a file without a
  /// name, in `$TMPDIR`.
  init(path: String) throws(ExportError) {
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let handle else {
      let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close(handle)
      throw .database(code: code, message)
    }
    self.handle = handle
    // Who asks for more than this in one value or statement does not want an answer.
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20)
    sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, 1 << 20)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements of our own.
  func execute(_ sql: String) throws(ExportError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
  }

  /// Compiles one statement, and nothing behind it but blanks and remarks.
  func prepare(_ sql: String) throws(ExportError) -> Statement {
    var statement: OpaquePointer?
    var rest = ""
    let code = sql.withCString { start in
      var tail: UnsafePointer<CChar>?
      let code = sqlite3_prepare_v2(handle, start, -1, &statement, &tail)
      if code == SQLITE_OK, let tail { rest = String(cString: tail) }
      return code
    }
    guard code == SQLITE_OK else { throw failure }
    guard let statement else { throw .noStatement }
    let compiled = Statement(statement, of: self)
    if !rest.isEmpty {
      // What compiles to nothing is blank.
      var second: OpaquePointer?
      let code = sqlite3_prepare_v2(handle, rest, -1, &second, nil)
      sqlite3_finalize(second)
      guard code == SQLITE_OK, second == nil else { throw .severalStatements }
    }
    return compiled
  }

  /// What went wrong last.
  var failure: ExportError {
    let message = String(cString: sqlite3_errmsg(handle))
    switch sqlite3_errcode(handle) {
    case SQLITE_AUTH: return .notAQuery
    case SQLITE_ERROR, SQLITE_RANGE, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_CONSTRAINT: return .query(message)
    case let code: return .database(code: code, message)
    }
  }
}

/// A compiled statement.
final class Statement {
  private let handle: OpaquePointer
  private let database: Database

  init(_ handle: OpaquePointer, of database: Database) {
    self.handle = handle
    self.database = database
  }

  deinit { sqlite3_finalize(handle) }

  /// Whether it changes nothing.
  var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

  /// What its columns are called.
  var columns: [String] {
    (0..<sqlite3_column_count(handle)).map { String(cString: sqlite3_column_name(handle, $0)) }
  }

  /// Goes to the next row; false after the last.
  func step() throws(ExportError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw database.failure
    }
  }

  /// The row that it stands at.
  var row: [SQLValue] { (0..<sqlite3_column_count(handle)).map(value) }

  private func value(_ column: Int32) -> SQLValue {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
    case SQLITE_TEXT:
      let bytes = sqlite3_column_text(handle, column)
      let count = Int(sqlite3_column_bytes(handle, column))
      return .text(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      let bytes = sqlite3_column_blob(handle, column)
      return .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column)))))
    default: return .null
    }
  }

  /// Runs it once with these values for its parameters.
  func run(_ values: [SQLValue]) throws(ExportError) {
    sqlite3_reset(handle)
    for (index, value) in values.enumerated() { bind(value, Int32(index + 1)) }
    while try step() {}
  }

  private func bind(_ value: SQLValue, _ index: Int32) {
    // SQLite takes a copy: the constant that says so is a cast that Swift does not import.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch value {
    case .null: sqlite3_bind_null(handle, index)
    case .integer(let value): sqlite3_bind_int64(handle, index, value)
    case .real(let value): sqlite3_bind_double(handle, index, value)
    case .text(var text):
      text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { bytes in
          _ = sqlite3_bind_text64(
            handle, index, bytes.baseAddress ?? UnsafePointer(bitPattern: 1), UInt64(bytes.count), copied,
            UInt8(SQLITE_UTF8))
        }
      }
    case .blob(let bytes): sqlite3_bind_blob64(handle, index, bytes, UInt64(bytes.count), copied)
    }
  }
}
