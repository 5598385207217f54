import PostgreSQL
import Reactor

/// A database that takes 200 ms over the users, and can be asked in both ways.
protocol TalkDatabase {
  /// The loop goes on meanwhile.
  func query() -> Deferred<[Database.User]>
  /// The loop does not.
  func queryAndWait() throws -> [Database.User]
}

/// Which one, made or started, for a loop to come.
enum TalkDatabaseChoice {
  case sqlite(Database)
  /// With the server, where it is the demo's own: that runs for as long as it is held.
  case postgreSQL(String, PostgresServer?)

  /// SQLite unless told otherwise; see `Options.database`.
  init(_ named: String?) throws {
    switch named {
    case nil, "sqlite": self = .sqlite(try Database())
    case "postgresql":
      let server = try PostgresServer()
      self = .postgreSQL(server.connectionInfo, server)
    case let info?: self = .postgreSQL(info, nil)
    }
  }

  func open(_ reactor: Reactor) throws -> any TalkDatabase {
    switch self {
    case .sqlite(let database): SQLite(reactor: reactor, database: database)
    case .postgreSQL(let info, let server):
      PostgreSQLDatabase(
        pool: PostgresPool(to: info, size: 4, on: reactor), blocking: try BlockingPostgresConnection(to: info),
        server: server)
    }
  }
}

/// It computes in the thread that asks: so that the loop goes on, that must be one of the pool's.
private struct SQLite: TalkDatabase {
  let reactor: Reactor
  let database: Database

  func query() -> Deferred<[Database.User]> {
    let database = database
    return reactor.inThread { try database.usersOfTheYear() }
  }

  func queryAndWait() throws -> [Database.User] { try database.usersOfTheYear() }
}

/// It is another process, and all that there is to do here is to wait.
private struct PostgreSQLDatabase: TalkDatabase {
  let pool: PostgresPool
  let blocking: BlockingPostgresConnection
  let server: PostgresServer?

  func query() -> Deferred<[Database.User]> {
    pool.query(Database.User.query, [0.2]).addCallback { rows in rows.map { Database.User($0) } }
  }

  func queryAndWait() throws -> [Database.User] {
    try blocking.query(Database.User.query, [0.2]).map { Database.User($0) }
  }
}

extension Database.User {
  /// The same users as in SQLite's file; the server takes `$1` seconds over them, without a table of its own.
  static let query = """
    SELECT 'user ' || i AS name, substr('Lisbon Madrid London Dublin Vienna Prague', 1 + i % 6 * 7, 6) AS city
    FROM generate_series(1, 20) i, pg_sleep($1)
    """

  /// From a row of that query.
  init(_ row: PostgresRow) {
    self.init(name: row[0] ?? "", city: row[1] ?? "")
  }
}
