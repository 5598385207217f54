import CPostgreSQL

/// A connection that makes its thread wait for every answer: for programs without a loop, and to show what it does to one.
///
/// ```swift
/// let connection = try BlockingPostgresConnection(to: "host=/run/postgresql dbname=shop")
/// for row in try connection.query("SELECT name FROM users") { print(row[0] ?? "") }
/// ```
///
/// For one thread at a time.
public final class BlockingPostgresConnection {
  private let connection: OpaquePointer

  /// Connects, waiting; `connect_timeout` in the connection string limits that, in seconds. Throws `.connection`.
  public init(to info: String) throws(PostgresError) {
    let made = ConnectionInfo(text: info).withParameters { PQconnectdbParams($0, $1, 1) }
    guard let made, PQstatus(made) == CONNECTION_OK else {
      defer { PQfinish(made) }
      throw .connection(PostgresError.lastWords(of: made))
    }
    PQsetNoticeProcessor(made, { _, _ in }, nil)
    connection = made
  }

  deinit { PQfinish(connection) }

  /// Sends a statement and waits for what comes of it. Parameters as for `PostgresConnection.query`.
  public func query(
    _ text: String, _ parameters: [(any LosslessStringConvertible)?] = []
  ) throws(PostgresError) -> PostgresRows {
    let query = PostgresQuery(text, parameters)
    if let refusal = query.refusal { throw refusal }
    let result = query.withCStrings { text, count, values in
      PQexecParams(connection, text, count, nil, values, nil, nil, 0)
    }
    guard let result else { throw .connection(PostgresError.lastWords(of: connection)) }
    return try PostgresQuery.outcome(result).get()
  }
}
