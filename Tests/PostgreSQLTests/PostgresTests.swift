import Glibc
import PostgreSQL
import Reactor
import Recorder
import Testing

/// One server for all tests, started when it is first wanted.
enum Server {
  /// Printed where there is none, once.
  static let isThere: Bool = {
    if PostgresServer.isInstalled { return true }
    print("skipping the tests of PostgreSQL: \(PostgresServer.Failure.notInstalled)")
    return false
  }()

  nonisolated(unsafe) private static var running: PostgresServer?
  static let info: Result<String, PostgresServer.Failure> = {
    do throws(PostgresServer.Failure) {
      let server = try PostgresServer()
      running = server
      // The shell would end it too; this way its folder is gone before the tests' process is.
      atexit { Server.running?.stop() }
      return .success(server.connectionInfo)
    } catch {
      return .failure(error)
    }
  }()
}

/// A reactor with a connection to the server, run until the test stops it, half a minute at most.
private final class Session {
  let reactor: Reactor
  let info: String
  var failures: [String] = []

  init() throws {
    info = try Server.info.get()
    reactor = try Reactor(recording: Recorder.Options(enabled: false))
    reactor.onUnhandledFailure = { [unowned self] in failures.append("\($0.error)") }
  }

  func connect(_ info: String? = nil) -> Deferred<PostgresConnection> {
    PostgresConnection.connect(to: info ?? self.info, on: reactor)
  }

  /// Runs `body` with a connection and the loop until what it returns has come out.
  func run<Value>(_ body: @escaping (PostgresConnection) throws -> Deferred<Value>) throws -> Value {
    try wait(for: connect().addCallback(body))
  }

  func wait<Value>(for deferred: Deferred<Value>) throws -> Value {
    var outcome: Result<Value, any Error>?
    deferred.addBoth { result in
      outcome = result
      self.reactor.stop()
    }
    reactor.callLater(.seconds(30)) { [reactor] in reactor.stop() }
    if outcome == nil { reactor.run() }
    return try #require(outcome, "nothing within half a minute").get()
  }
}

private func message(_ error: any Error) -> PostgresError.ServerMessage? {
  if case .server(let message) = error as? PostgresError { message } else { nil }
}

@Suite("PostgreSQL, on a server of the tests' own", .enabled(if: Server.isThere), .timeLimit(.minutes(3)))
struct PostgresTests {
  @Test func rowsComeBackWithTheirColumnsAndNulls() throws {
    let rows = try Session().run { connection in
      connection.query("SELECT i AS number, NULLIF('é' || i, 'é2') AS text FROM generate_series(1, 3) i")
    }
    #expect(rows.columns == ["number", "text"])
    #expect(rows.map { $0["text"] } == ["é1", nil, "é3"])
    #expect(rows.map { $0[0] } == ["1", "2", "3"])
    #expect(rows.affected == 3)
  }

  @Test func parametersAreValuesNeverStatements() throws {
    let evil = "'; DROP TABLE users; --"
    let rows = try Session().run { connection in
      connection.query("SELECT $1::text, $2::int + 1, $3::bool, $4::text, $5::float8", [evil, 41, true, nil, 0.5])
    }
    #expect((0..<5).map { rows[0][$0] } == [evil, "42", "t", nil, "0.5"])
  }

  @Test func queriesOfOneConnectionAreAnsweredInTheOrderOfTheCalls() throws {
    let session = try Session()
    var order: [String] = []
    _ = try session.run { connection in
      // The first is the slowest: the others wait for it.
      for (index, wait) in [0.1, 0.05, 0].enumerated() {
        connection.query("SELECT $1::int FROM pg_sleep($2)", [index, wait]).addCallback { rows in
          order.append(rows[0][0] ?? "")
        }
      }
      return connection.query("SELECT 3").addCallback { order.append($0[0][0] ?? "") }
    }
    #expect(order == ["0", "1", "2", "3"])
  }

  @Test func theLoopGoesOnWhileTheServerIsAsleep() throws {
    let session = try Session()
    var ticks = 0
    _ = try session.run { connection in
      session.reactor.callEvery(.milliseconds(5)) { ticks += 1 }
      return connection.query("SELECT pg_sleep(0.5)")
    }
    #expect(ticks > 5)
  }

  @Test func aFailureSaysItsCodeAndWhere() throws {
    let session = try Session()
    let error = #expect(throws: PostgresError.self) {
      try session.run { $0.query("SELECT nothing FROM nowhere") }
    }
    let said = try #require(error.flatMap(message))
    #expect(said.code == "42P01")
    #expect(said.severity == "ERROR")
    #expect(said.message == "relation \"nowhere\" does not exist")
    #expect(said.position == 21)
    let inside = #expect(throws: PostgresError.self) {
      try Session().run { connection in
        connection.query("CREATE FUNCTION pg_temp.bad() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1 / 0; END'")
          .addCallback { _ in connection.query("SELECT pg_temp.bad()") }
      }
    }
    #expect(try #require(inside.flatMap(message)).code == "22012")
    #expect(try #require(inside.flatMap(message)).context?.contains("PL/pgSQL function") == true)
  }

  @Test func aFailedQueryLeavesTheConnectionUsable() throws {
    let rows = try Session().run { connection in
      connection.query("SELEKT").addErrback { _ in connection.query("SELECT 'still here'") }
    }
    #expect(rows[0][0] == "still here")
  }

  @Test func muchIsSentAndReceivedInPieces() throws {
    let long = String(repeating: "0123456789", count: 1_000_000)
    let rows = try Session().run { $0.query("SELECT $1::text || 'end', length($1)", [long]) }
    #expect(rows[0][1] == "10000000")
    #expect(rows[0][0] == long + "end")
  }

  @Test func aZeroByteIsRefusedBeforeItIsSent() throws {
    #expect(throws: PostgresError.unsendable("a text has a zero byte in it")) {
      try Session().run { $0.query("SELECT $1", ["a\0b"]) }
    }
  }

  @Test func copyIsRefused() throws {
    #expect(throws: PostgresError.copy) { try Session().run { $0.query("COPY (SELECT 1) TO STDOUT") } }
    #expect(throws: PostgresError.copy) {
      try Session().run { connection in
        connection.query("CREATE TEMP TABLE sink (i int)").addCallback { _ in connection.query("COPY sink FROM STDIN") }
      }
    }
  }

  @Test func notificationsArriveWithoutAQuery() throws {
    let session = try Session()
    let received = session.reactor.deferred(of: PostgresNotification.self)
    let connections = session.connect().addCallback { listener in
      listener.onNotification { received.callback($0) }
      return listener.listen(to: "a \"quoted\" channel").addCallback { _ in session.connect() }
        .addCallback { speaker in
          speaker.notify("a \"quoted\" channel", "news").addCallback { _ in received }
            .addCallback { ($0, listener, speaker) }
        }
    }
    let (notification, _, _) = try session.wait(for: connections)
    #expect(notification.channel == "a \"quoted\" channel")
    #expect(notification.payload == "news")
    #expect(notification.sender > 0)
  }

  @Test func aCancelledQueryIsStoppedAndTheNextOneIsNotHit() throws {
    let session = try Session()
    var failure: (any Error)?
    let rows = try session.run { connection in
      let sleeping = connection.query("SELECT pg_sleep(60)").addErrback { error in
        failure = error
        throw error
      }
      session.reactor.callLater(.milliseconds(100)) { sleeping.cancel() }
      return connection.query("SELECT 'next' FROM pg_sleep(0.05)")
    }
    #expect(rows[0][0] == "next")
    #expect(failure is CancellationError)
    #expect(session.failures == [])
  }

  @Test func aQueryThatWaitsIsTakenBack() throws {
    let session = try Session()
    let rows = try session.run { connection in
      _ = connection.query("CREATE TEMP TABLE marks AS SELECT 1 AS i FROM pg_sleep(0.05)")
      connection.query("INSERT INTO marks VALUES (2)").cancel()
      return connection.query("SELECT count(*) FROM marks")
    }
    #expect(rows[0][0] == "1")
  }

  @Test func closingFailsWhatWaits() throws {
    let session = try Session()
    var ends: [PostgresError] = []
    let closed = session.reactor.deferred(of: Void.self)
    #expect(throws: PostgresError.closed) {
      try session.run { connection in
        connection.onClose {
          ends.append($0)
          closed.callback()
        }
        session.reactor.callLater(.milliseconds(20)) { connection.close() }
        return connection.query("SELECT pg_sleep(20)").addErrback { error in
          ends.append(error as? PostgresError ?? .copy)
          #expect(!connection.isOpen)
          return connection.query("SELECT 1")
        }.addBoth { outcome in closed.addCallback { _ in try outcome.get() } }
      }
    }
    #expect(ends == [.closed, .closed])
  }

  @Test func aServerThatEndsTheConnectionIsAFailureWithItsWords() throws {
    let error = #expect(throws: PostgresError.self) {
      try Session().run { $0.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)") }
    }
    #expect(try #require(error.flatMap(message)).code == "57P01")
  }

  @Test func anIdleConnectionNoticesItsEnd() throws {
    let session = try Session()
    let ended = session.reactor.deferred(of: PostgresError.self)
    let error = try session.run { victim in
      victim.onClose { ended.callback($0) }
      return victim.query("SELECT pg_backend_pid()").addCallback { rows in
        session.connect().addCallback { $0.query("SELECT pg_terminate_backend($1)", [rows[0][0]]) }
          .addCallback { _ in ended }
      }.addCallback { (error: PostgresError) in
        #expect(!victim.isOpen)
        return error
      }
    }
    if case .connection = error { return }
    Issue.record("\(error)")
  }

  @Test func aConnectionThatCannotBeMadeIsAFailure() throws {
    let session = try Session()
    let refused = #expect(throws: PostgresError.self) {
      try session.wait(for: session.connect("host=/nowhere user=looptop"))
    }
    guard case .connection(let words) = refused else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(words.contains("/nowhere"))
    #expect(throws: PostgresError.self) {
      let session = try Session()
      _ = try session.wait(for: session.connect("nonsense"))
    }
    #expect(throws: PostgresError.hostByName("db.example.com")) {
      let session = try Session()
      _ = try session.wait(for: session.connect("host=db.example.com"))
    }
    #expect(throws: PostgresError.hostByName("name")) {
      let session = try Session()
      _ = try session.wait(for: session.connect("postgresql://127.0.0.1,name/db"))
    }
    let unknown = #expect(throws: PostgresError.self) {
      let session = try Session()
      _ = try session.wait(for: session.connect(session.info + " dbname=none"))
    }
    if case .connection(let words) = unknown { #expect(words.contains("\"none\" does not exist")) }
  }

  @Test func aServerThatSaysNothingIsGivenUp() throws {
    let session = try Session()
    let listener = try session.reactor.listen(host: "127.0.0.1", port: 0) { connection in connection.onData { _ in } }
    #expect(throws: PostgresError.timedOut(.milliseconds(50))) {
      try session.wait(
        for: PostgresConnection.connect(
          to: "hostaddr=127.0.0.1 port=\(listener.port)", on: session.reactor, timeout: .milliseconds(50)))
    }
  }

  @Test func aReactorThatEndsTakesQueriesWithIt() throws {
    let session = try Session()
    var called = false
    weak var connection: PostgresConnection?
    session.connect().addCallback { made in
      connection = made
      made.query("SELECT pg_sleep(20)").addBoth { _ in called = true }
      session.reactor.callLater(.milliseconds(20)) { session.reactor.stop() }
    }
    session.reactor.run()
    #expect(!called)
    #expect(connection == nil)
  }

  @Test func aPoolRunsItsQueriesSideBySide() throws {
    let session = try Session()
    let pool = PostgresPool(to: session.info, size: 3, on: session.reactor)
    let all = session.reactor.deferred(of: Void.self)
    var pids: Set<String> = []
    var left = 9
    for _ in 0..<9 {
      pool.query("SELECT pg_backend_pid() FROM pg_sleep(0.05)").addCallback { rows in
        pids.insert(rows[0][0] ?? "")
        left -= 1
        if left == 0 { all.callback() }
      }
    }
    try session.wait(for: all)
    #expect(pids.count == 3)
    #expect(session.failures == [])
  }

  @Test func aPoolReplacesWhatBrokeAndPassesFailuresOn() throws {
    let session = try Session()
    let pool = PostgresPool(to: session.info, size: 1, on: session.reactor)
    var codes: [String] = []
    let rows = try session.wait(
      for: pool.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")
        .addErrback { error in
          codes.append(message(error)?.code ?? "\(error)")
          return pool.query("SELECT 'anew'")
        })
    #expect(codes == ["57P01"])
    #expect(rows[0][0] == "anew")
    pool.close()
    #expect(throws: PostgresError.closed) {
      let session = try Session()
      let pool = PostgresPool(to: session.info, size: 1, on: session.reactor)
      pool.close()
      _ = try session.wait(for: pool.query("SELECT 1"))
    }
    let lost = try Session()
    let nowhere = PostgresPool(to: "host=/nowhere", size: 2, on: lost.reactor)
    #expect(throws: PostgresError.self) { try lost.wait(for: nowhere.query("SELECT 1")) }
  }

  @Test func theBlockingConnectionSaysTheSame() throws {
    let connection = try BlockingPostgresConnection(to: try Server.info.get())
    #expect(try connection.query("SELECT $1::int * 2 AS twice", [21])[0]["twice"] == "42")
    let error = #expect(throws: PostgresError.self) { try connection.query("SELECT 1 / 0") }
    #expect(error.flatMap(message)?.code == "22012")
    #expect(throws: PostgresError.self) { try BlockingPostgresConnection(to: "host=/nowhere") }
  }

  @Test func aServerIsGoneWithItsFolderOnceItWasStopped() throws {
    let server = try PostgresServer()
    let folder = String(server.connectionInfo.split(separator: " ")[0].dropFirst("host=".count))
    #expect(access(folder, F_OK) == 0)
    server.stop()
    #expect(access(folder, F_OK) != 0)
    #expect(throws: PostgresError.self) { try BlockingPostgresConnection(to: server.connectionInfo) }
  }
}
