import CPostgreSQL
import DequeModule
import Reactor

/// A connection to a PostgreSQL server that never blocks the loop: libpq's asynchronous interface, with Deferreds.
///
/// ```swift
/// PostgresConnection.connect(to: "host=/run/postgresql dbname=shop", on: reactor)
///   .addCallback { connection in connection.query("SELECT name FROM users WHERE city = $1", ["Lisbon"]) }
///   .addCallback { rows in rows.compactMap { $0["name"] } }
///   .addCallback { names in print(names) }
///   .addErrback { error in print("no names: \(error)") }
/// ```
///
/// One query at a time: the others wait here, in the order of the calls. For the reactor's thread only. It lives while
/// queries wait, else while somebody holds it; letting go of it closes it.
public final class PostgresConnection {
  private let reactor: Reactor
  private let watch: DescriptorWatch
  /// `nil` once it is closed.
  private var connection: OpaquePointer?
  private var waiting = Deque<Query>()
  private var current: Query?
  /// While a request to cancel is on its way it could hit a query sent after the one that it means.
  private var isCancelling = false
  /// While the kernel has no room for all of a query.
  private var isWaitingForRoom = false
  /// Itself, while queries wait.
  private var keepsAlive: PostgresConnection?
  private var notified: Handler<(PostgresNotification) throws -> Void>?
  private var closing: Handler<(PostgresError) throws -> Void>?

  private final class Query {
    let query: PostgresQuery
    let deferred: Deferred<PostgresRows>
    /// What the server said of it so far.
    var outcome: Result<PostgresRows, PostgresError>?

    init(_ query: PostgresQuery, _ deferred: Deferred<PostgresRows>) {
      self.query = query
      self.deferred = deferred
    }
  }

  private struct Handler<Body> {
    let function: StaticString
    let file: StaticString
    let line: UInt
    let body: Body
  }

  /// Takes over a connection that stands.
  init(_ connection: OpaquePointer, _ reactor: Reactor) throws(PostgresError) {
    self.reactor = reactor
    watch = reactor.watch(PQsocket(connection), "PostgreSQL \(PQbackendPID(connection))")
    if PQsetnonblocking(connection, 1) != 0 { throw .connection(PostgresError.lastWords(of: connection)) }
    do {
      // Always: between queries too there are notifications to hear, and the server's end.
      try watch.onReadable(function: "receive()") { [weak self] in self?.receive() }
    } catch {
      throw .reactor(error)
    }
    self.connection = connection
    watch.onReactorEnd = { [weak self] in self?.abandon() }
  }

  deinit {
    watch.cancel()
    PQfinish(connection)
  }

  /// Whether queries can be sent.
  public var isOpen: Bool { connection != nil }

  // MARK: Queries

  /// Sends a statement, one, once those before it are done; the Deferred fires with its rows, or fails with a `PostgresError`.
  ///
  /// Cancelling takes it back while it waits; once it runs, the server is asked to stop it, and what comes of that is
  /// dropped: the Deferred fails at once with a `CancellationError`.
  ///
  /// - Parameter parameters: for `$1` and so on, as texts, whose types the server finds out; `nil` for NULL.
  ///
  /// ```swift
  /// PostgresConnection.connect(to: "host=/run/postgresql", on: reactor).addCallback { connection in
  ///   connection.query("INSERT INTO users (name, age) VALUES ($1, $2)", ["Ana", 33])
  ///     .addCallback { print($0.affected, "rows") }
  /// }
  /// ```
  @discardableResult
  public func query(
    _ text: String, _ parameters: [(any LosslessStringConvertible)?] = [], function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<PostgresRows> {
    let deferred = Deferred<PostgresRows>(on: reactor, function: function, file: file, line: line) { [weak self] in
      self?.cancel($0)
    }
    let query = PostgresQuery(text, parameters)
    if let refusal = connection == nil ? .closed : query.refusal {
      deferred.errback(refusal)
      return deferred
    }
    settles(deferred)
    waiting.append(Query(query, deferred))
    sendNext()
    return deferred
  }

  /// For the trace: `deferred` cannot settle before the server has said something here.
  func settles(_ deferred: AnyDeferred) { watch.settles(deferred) }

  private func sendNext() {
    while let connection, current == nil, !isCancelling, let next = waiting.popFirst() {
      current = next
      let sent = next.query.withCStrings { text, count, values in
        PQsendQueryParams(connection, text, count, nil, values, nil, nil, 0)
      }
      if sent == 1 {
        flush()
      } else if PQstatus(connection) == CONNECTION_BAD {
        end(.connection(PostgresError.lastWords(of: connection)))
      } else {
        current = nil
        next.deferred.errback(PostgresError.unsendable(PostgresError.lastWords(of: connection)))
      }
    }
    keepsAlive = current == nil && waiting.isEmpty && !isCancelling ? nil : self
  }

  /// Sends what the kernel has room for, and waits for room for the rest.
  private func flush() {
    guard let connection else { return }
    switch PQflush(connection) {
    case 0:
      isWaitingForRoom = false
      watch.stopWriting()
    case 1 where isWaitingForRoom: return
    case 1:
      isWaitingForRoom = true
      do {
        try watch.onWritable { [weak self] in self?.flush() }
      } catch {
        end(.reactor(error))
      }
    default: end(.connection(PostgresError.lastWords(of: connection)))
    }
  }

  private func receive() {
    guard let connection else { return }
    if PQconsumeInput(connection) == 0 { return end(.connection(PostgresError.lastWords(of: connection))) }
    takeNotifications(connection)
    takeResults(connection)
    // What was received may be what the server wanted read before it reads on.
    if current != nil { flush() }
  }

  private func takeResults(_ connection: OpaquePointer) {
    while let query = current, self.connection != nil, PQisBusy(connection) == 0 {
      if let result = PQgetResult(connection) {
        let outcome = PostgresQuery.outcome(result)
        query.outcome = query.outcome ?? outcome
        if case .failure(.copy) = outcome { return end(.copy) }
      } else if PQstatus(connection) == CONNECTION_BAD {
        return end(.connection(PostgresError.lastWords(of: connection)))
      } else {
        finish(query)
      }
    }
  }

  /// The next one is sent first: the server works while this one's steps run.
  private func finish(_ query: Query) {
    current = nil
    sendNext()
    query.deferred.fire(query.outcome ?? .failure(.connection("no answer")))
  }

  private func cancel(_ deferred: Deferred<PostgresRows>) {
    if let index = waiting.firstIndex(where: { $0.deferred === deferred }) {
      waiting.remove(at: index)
      return sendNext()
    }
    guard let connection, current?.deferred === deferred, !isCancelling else { return }
    guard let request = CancelRequest(connection) else { return }
    isCancelling = true
    // libpq makes a connection of its own for this, blocking.
    reactor.inThread { request.send() }.addBoth { _ in
      self.isCancelling = false
      self.sendNext()
    }
  }

  // MARK: Notifications

  /// Begins to listen to a channel: what is sent to it goes to the handler of `onNotification`.
  public func listen(
    to channel: String, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    // LISTEN takes no parameters: the name is quoted as SQL wants it.
    let name = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    return query("LISTEN \"\(name)\"", function: function, file: file, line: line)
      .addCallback(function: function, file: file, line: line) { _ in }
  }

  /// Sends a text to all who listen to a channel; fewer than 8000 bytes.
  public func notify(
    _ channel: String, _ payload: String, function: StaticString = #function, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<Void> {
    query("SELECT pg_notify($1, $2)", [channel, payload], function: function, file: file, line: line)
      .addCallback(function: function, file: file, line: line) { _ in }
  }

  /// `body` is called with each notification, from the ready queue. A second handler takes the first one's place.
  ///
  /// Does not keep the connection alive.
  ///
  /// ```swift
  /// PostgresConnection.connect(to: "host=/run/postgresql", on: reactor).addCallback { connection in
  ///   connection.onNotification { print($0.channel, $0.payload) }
  ///   connection.onClose { _ in withExtendedLifetime(connection) { print("nobody listens any more") } }
  ///   connection.listen(to: "jobs").addCallback { connection.notify("jobs", "a new one") }
  /// }
  /// ```
  public func onNotification(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (PostgresNotification) throws -> Void
  ) {
    notified = Handler(function: function, file: file, line: line, body: body)
  }

  private func takeNotifications(_ connection: OpaquePointer) {
    while let raw = PQnotifies(connection) {
      let notification = PostgresNotification(raw.pointee)
      PQfreemem(raw)
      guard let handler = notified else { continue }
      reactor.callSoon(function: handler.function, file: handler.file, line: handler.line) {
        try handler.body(notification)
      }
    }
  }

  // MARK: Its end

  /// `body` is called once, from the ready queue, after the connection came to its end, with why: `.closed` where it was
  /// closed here.
  public func onClose(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (PostgresError) throws -> Void
  ) {
    closing = Handler(function: function, file: file, line: line, body: body)
  }

  /// Closes it now: queries that wait or run fail with `PostgresError.closed`. Does nothing the second time.
  public func close() {
    end(.closed)
  }

  private func end(_ error: PostgresError) {
    guard let connection else { return }
    self.connection = nil
    watch.cancel()
    PQfinish(connection)
    if let closing {
      self.closing = nil
      reactor.callSoon(function: closing.function, file: closing.file, line: closing.line) { try closing.body(error) }
    }
    let (running, others) = takeQueries()
    // Where the server said why it ended this one, that is the better answer.
    running?.deferred.fire(running?.outcome ?? .failure(error))
    for query in others { query.deferred.errback(error) }
    sendNext()
  }

  /// The reactor ended: nobody is called any more.
  private func abandon() {
    PQfinish(connection)
    connection = nil
    (notified, closing) = (nil, nil)
    let (running, others) = takeQueries()
    for query in [running].compactMap({ $0 }) + others { query.deferred.abandon() }
    keepsAlive = nil
  }

  private func takeQueries() -> (running: Query?, waiting: [Query]) {
    defer { (current, waiting) = (nil, []) }
    return (current, Array(waiting))
  }
}

extension Deferred {
  fileprivate func fire<Failure>(_ outcome: Result<Value, Failure>) {
    switch outcome {
    case .success(let value): callback(value)
    case .failure(let error): errback(error)
    }
  }
}
