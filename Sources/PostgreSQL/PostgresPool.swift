import DequeModule
import Reactor

/// Some connections to one server, for queries that run side by side.
///
/// ```swift
/// let pool = PostgresPool(to: "host=/run/postgresql", size: 8, on: reactor)
/// for page in 1...100 {
///   pool.query("SELECT render($1)", [page]).addCallback { rows in print(rows[0][0] ?? "") }
/// }
/// ```
///
/// Connections are made when queries want them, and made anew when they broke. A query that finds all of them busy waits
/// its turn. For the reactor's thread only.
public final class PostgresPool {
  private let info: String
  private let size: Int
  private let reactor: Reactor
  private var idle: [PostgresConnection] = []
  /// Those that queries are at: what those who wait are waiting for.
  private var busy: [PostgresConnection] = []
  /// Connections that stand or are being made.
  private var count = 0
  private var waiting = Deque<Deferred<PostgresConnection>>()
  private var isClosed = false

  /// At most `size` connections (at least one) with that connection string; see `PostgresConnection.connect`.
  public init(to info: String, size: Int, on reactor: Reactor) {
    precondition(size > 0, "a pool of \(size) connections")
    self.info = info
    self.size = size
    self.reactor = reactor
  }

  /// Sends a statement over the first connection that is free; otherwise as `PostgresConnection.query`.
  @discardableResult
  public func query(
    _ text: String, _ parameters: [(any LosslessStringConvertible)?] = [], function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<PostgresRows> {
    let free = Deferred<PostgresConnection>(on: reactor, function: function, file: file, line: line) { [weak self] in
      self?.withdraw($0)
    }
    let rows = free.addCallback(function: function, file: file, line: line) { connection in
      connection.query(text, parameters, function: function, file: file, line: line)
        .addBoth(function: function, file: file, line: line) { outcome in
          self.takeBack(connection)
          return try outcome.get()
        }
    }
    waiting.append(free)
    serve()
    if waiting.last === free { busy.first?.settles(free) }
    return rows
  }

  /// Closes connections that are idle now and the others when their queries are done; queries that wait fail with
  /// `PostgresError.closed`, and so do those to come.
  public func close() {
    isClosed = true
    for connection in idle { connection.close() }
    idle = []
    serve()
  }

  private func withdraw(_ deferred: Deferred<PostgresConnection>) {
    if let index = waiting.firstIndex(where: { $0 === deferred }) { waiting.remove(at: index) }
  }

  private func takeBack(_ connection: PostgresConnection) {
    busy.removeAll { $0 === connection }
    if isClosed { connection.close() }
    if connection.isOpen { idle.append(connection) } else { count -= 1 }
    serve()
  }

  private func serve() {
    while !waiting.isEmpty {
      if isClosed {
        waiting.removeFirst().errback(PostgresError.closed)
      } else if let connection = idle.popLast() {
        // It may have broken while it lay idle.
        guard connection.isOpen else {
          count -= 1
          continue
        }
        busy.append(connection)
        waiting.removeFirst().callback(connection)
      } else if count < size {
        connect()
      } else {
        return
      }
    }
  }

  private func connect() {
    count += 1
    PostgresConnection.connect(to: info, on: reactor)
      .addCallback { self.takeBack($0) }
      .addErrback { error in
        self.count -= 1
        // One is told for each attempt: all of them are, in the end, where the server is gone.
        self.waiting.popFirst()?.errback(error)
        self.serve()
      }
  }
}
