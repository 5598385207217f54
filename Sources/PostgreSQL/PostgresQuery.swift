import CPostgreSQL
import Glibc

/// A statement and its parameters, as libpq is given them: texts, whose types the server finds out.
struct PostgresQuery {
  let text: String
  let parameters: [String?]

  /// What stands for `$1` and so on in a query: a text, a number, a Boolean; `nil` for NULL.
  typealias Parameter = any LosslessStringConvertible

  init(_ text: String, _ parameters: [Parameter?]) {
    self.text = text
    self.parameters = parameters.map { $0.map { "\($0)" } }
  }

  /// C would take a zero for the end, and the server get another query than the one meant.
  var refusal: PostgresError? {
    let hasZero = text.utf8.contains(0) || parameters.contains { $0?.utf8.contains(0) ?? false }
    return hasZero ? .unsendable("a text has a zero byte in it") : nil
  }

  /// Calls `body` with the statement, how many parameters there are, and their values.
  func withCStrings<R>(
    _ body: (UnsafePointer<CChar>, Int32, UnsafePointer<UnsafePointer<CChar>?>?) -> R
  ) -> R {
    let values = parameters.map { $0.map { UnsafePointer<CChar>(strdup($0)!) } }
    defer { for value in values { free(UnsafeMutableRawPointer(mutating: value)) } }
    return text.withCString { text in
      values.withUnsafeBufferPointer { body(text, Int32(values.count), $0.baseAddress) }
    }
  }

  /// What came of a statement: takes over the result.
  static func outcome(_ result: OpaquePointer) -> Result<PostgresRows, PostgresError> {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return .success(PostgresRows(result))
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      PQclear(result)
      return .failure(.copy)
    default:
      defer { PQclear(result) }
      return .failure(PostgresError(result))
    }
  }
}
