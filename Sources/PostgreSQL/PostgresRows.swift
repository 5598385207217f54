import CPostgreSQL

/// What a query returned: its rows, all in memory; so a query over much should have a LIMIT.
///
/// ```swift
/// func names(_ rows: PostgresRows) -> [String] {
///   rows.map { $0["name"] ?? "(null)" }
/// }
/// ```
public struct PostgresRows: RandomAccessCollection, Sendable {
  /// The columns' names, in order.
  public let columns: [String]
  /// How many rows the statement returned, inserted, updated or deleted; 0 for others.
  public let affected: Int
  /// 0.
  public let startIndex = 0
  /// How many rows there are.
  public let endIndex: Int
  private let result: Result

  /// libpq's memory of it, which nobody changes any more.
  fileprivate final class Result: @unchecked Sendable {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { PQclear(pointer) }
  }

  /// Takes over a result.
  init(_ pointer: OpaquePointer) {
    result = Result(pointer)
    columns = (0..<PQnfields(pointer)).map { String(cString: PQfname(pointer, $0)) }
    affected = PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0
    endIndex = Int(PQntuples(pointer))
  }

  /// A row.
  public subscript(position: Int) -> PostgresRow {
    precondition(indices.contains(position), "row \(position) of \(count)")
    return PostgresRow(rows: self, number: Int32(position))
  }

  fileprivate func value(_ row: Int32, _ column: Int32) -> String? {
    // The length is the server's, within the memory that libpq has for the value; a text has no zero inside.
    if PQgetisnull(result.pointer, row, column) == 1 { return nil }
    let bytes = UnsafeRawBufferPointer(
      start: PQgetvalue(result.pointer, row, column), count: Int(PQgetlength(result.pointer, row, column)))
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// One row's values, as texts; `nil` for NULL.
public struct PostgresRow: Sendable {
  fileprivate let rows: PostgresRows
  fileprivate let number: Int32

  /// The value in a column, from 0.
  public subscript(column: Int) -> String? {
    precondition(rows.columns.indices.contains(column), "column \(column) of \(rows.columns.count)")
    return rows.value(number, Int32(column))
  }

  /// The value in the column of that name, which must be there.
  public subscript(name: String) -> String? {
    guard let column = rows.columns.firstIndex(of: name) else {
      preconditionFailure("no column \(name) in \(rows.columns)")
    }
    return rows.value(number, Int32(column))
  }
}
