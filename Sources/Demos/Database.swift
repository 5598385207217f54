import CSQLite
import Glibc

/// A real SQLite file with users in it, which has no name once it is made: so that nothing is left of a demo that is killed.
///
/// May be used from several threads: SQLite serializes the calls on one connection.
final class Database: @unchecked Sendable {
  private let connection: OpaquePointer
  /// How many rows the slow query has to count through to take about 200 ms on this machine.
  private(set) var slowRows = 1_000_000

  /// What SQLite said.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// A row of the table of users.
  struct User {
    var name: String
    var city: String
  }

  /// Makes the file and fills it.
  init() throws {
    var template = Array("/tmp/looptop-demo-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Failure(description: "no temporary folder: errno \(errno)") }
    let folder = String(cString: made)
    let path = folder + "/users.sqlite"
    defer {
      unlink(path)
      rmdir(folder)
    }
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
    guard sqlite3_open_v2(path, &opened, flags, nil) == SQLITE_OK, let opened else {
      throw Failure(description: "\(path) cannot be opened")
    }
    connection = opened
    try run(
      """
      CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO users SELECT i, 'user ' || i, substr('Lisbon Madrid London Dublin Vienna Prague', 1 + i % 6 * 7, 6)
      FROM n;
      CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT NOT NULL);
      INSERT INTO orders SELECT id, 'shipped' FROM users WHERE id % 3 > 0;
      CREATE TABLE archive (id INTEGER PRIMARY KEY, state TEXT NOT NULL);
      INSERT INTO archive SELECT id, 'archived' FROM users WHERE id % 3 = 0;
      """)
    try calibrate()
  }

  deinit { sqlite3_close_v2(connection) }

  /// Twenty users; the page is what the request said, which need not be a number: then SQLite says so.
  func users(page: String) throws -> [User] {
    try rows("SELECT name, city FROM users ORDER BY id LIMIT 20 OFFSET 20 * \(page)").map {
      User(name: $0[0], city: $0[1])
    }
  }

  /// An order's state; every third order is in the table `archive` only.
  func state(ofOrder id: Int, in table: String) throws -> String {
    guard let row = try rows("SELECT state FROM \(table) WHERE id = \(id)").first else {
      throw Failure(description: "no order \(id) in \(table)")
    }
    return row[0]
  }

  /// A report over all that there is: a query without an index to help it, some 200 ms long.
  func yearlyReport() throws -> String { try report(rows: slowRows) }

  /// Twenty users, after a look at all that there is: some 200 ms.
  func usersOfTheYear() throws -> [User] {
    _ = try yearlyReport()
    return try users(page: "0")
  }

  private func report(rows count: Int) throws -> String {
    let counted = try rows(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
      SELECT count(*), max(i % 1000) FROM n
      """)
    return counted[0].joined(separator: " ")
  }

  private func calibrate() throws {
    var begin = timespec()
    var end = timespec()
    clock_gettime(CLOCK_MONOTONIC, &begin)
    _ = try report(rows: 200_000)
    clock_gettime(CLOCK_MONOTONIC, &end)
    let seconds = Double(end.tv_sec - begin.tv_sec) + Double(end.tv_nsec - begin.tv_nsec) / 1e9
    slowRows = Int(200_000 * 0.2 / max(seconds, 0.001))
  }

  private func run(_ statements: String) throws {
    guard sqlite3_exec(connection, statements, nil, nil, nil) == SQLITE_OK else { throw failure() }
  }

  private func rows(_ query: String) throws -> [[String]] {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(connection, query, -1, &statement, nil) == SQLITE_OK else { throw failure() }
    defer { sqlite3_finalize(statement) }
    var rows: [[String]] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append(
          (0..<sqlite3_column_count(statement)).map { column in
            sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
          })
      case SQLITE_DONE: return rows
      default: throw failure()
      }
    }
  }

  private func failure() -> Failure { Failure(description: String(cString: sqlite3_errmsg(connection))) }
}
