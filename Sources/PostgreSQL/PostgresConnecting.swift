import CPostgreSQL
import Reactor

/// A connection to a server being made.
private final class PostgresConnecting {
  private let deferred: Deferred<PostgresConnection>
  private let reactor: Reactor
  /// `nil` once it was handed over or given up.
  private var connection: OpaquePointer?
  private var watch: DescriptorWatch?
  private var timer: Timer?

  init(_ reactor: Reactor, _ deferred: Deferred<PostgresConnection>) {
    self.reactor = reactor
    self.deferred = deferred
  }

  func start(_ info: ConnectionInfo, timeout: Nanoseconds) {
    do throws(PostgresError) {
      try info.check()
      connection = info.withParameters { PQconnectStartParams($0, $1, 1) }
      guard let connection, PQstatus(connection) != CONNECTION_BAD else {
        throw .connection(PostgresError.lastWords(of: connection))
      }
      PQsetNoticeProcessor(connection, { _, _ in }, nil)
      timer = reactor.callLater(timeout) { self.fail(.timedOut(timeout)) }
      // As libpq wants it: the first thing to wait for is room to write.
      try wait(for: PGRES_POLLING_WRITING)
    } catch {
      fail(error)
    }
  }

  /// Watches anew for each step: between two of them libpq may have closed one socket and opened the next.
  private func wait(for status: PostgresPollingStatusType) throws(PostgresError) {
    let descriptor = PQsocket(connection)
    guard descriptor >= 0 else { throw .connection(PostgresError.lastWords(of: connection)) }
    let watch = reactor.watch(descriptor, "connecting to PostgreSQL")
    self.watch = watch
    do throws(ReactorError) {
      if status == PGRES_POLLING_READING {
        try watch.onReadable(function: "connect()") { self.proceed() }
      } else {
        try watch.onWritable(function: "connect()") { self.proceed() }
      }
    } catch {
      throw .reactor(error)
    }
    watch.settles(deferred)
    watch.onReactorEnd = { [unowned self] in self.abandon() }
  }

  private func proceed() {
    watch?.cancel()
    let status = PQconnectPoll(connection)
    do throws(PostgresError) {
      switch status {
      case PGRES_POLLING_OK: try succeed()
      case PGRES_POLLING_FAILED: throw .connection(PostgresError.lastWords(of: connection))
      default: try wait(for: status)
      }
    } catch {
      fail(error)
    }
  }

  private func succeed() throws(PostgresError) {
    let made = try PostgresConnection(connection!, reactor)
    connection = nil
    timer?.cancel()
    deferred.callback(made)
  }

  private func fail(_ error: PostgresError) {
    giveUp()
    deferred.errback(error)
  }

  func giveUp() {
    watch?.cancel()
    timer?.cancel()
    PQfinish(connection)
    connection = nil
  }

  private func abandon() {
    PQfinish(connection)
    connection = nil
    deferred.abandon()
  }
}

extension PostgresConnection {
  /// Connects to a server; the Deferred fires with the connection, or fails with a `PostgresError`.
  ///
  /// Name resolution would block the loop, so a host is given as a Unix socket's folder or as a numeric address
  /// (`host=/run/postgresql`, `hostaddr=192.0.2.1`); a name is refused. Cancelling gives the attempt up.
  ///
  /// - Parameters:
  ///   - info: a connection string of libpq's. What it leaves out comes from libpq's environment variables.
  ///   - timeout: for the whole of it, with passwords and encryption.
  public static func connect(
    to info: String, on reactor: Reactor, timeout: Nanoseconds = .seconds(10), function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<PostgresConnection> {
    let connecting = Box<PostgresConnecting>()
    let deferred = Deferred<PostgresConnection>(on: reactor, function: function, file: file, line: line) { _ in
      connecting.value?.giveUp()
    }
    let attempt = PostgresConnecting(reactor, deferred)
    connecting.value = attempt
    attempt.start(ConnectionInfo(text: info), timeout: timeout)
    return deferred
  }
}

/// A reference that is filled in later, and keeps nothing alive.
private final class Box<Value: AnyObject> {
  weak var value: Value?
}
