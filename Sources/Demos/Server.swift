import Glibc
import Reactor

/// A small HTTP server: one chain of Deferreds a request, from the database's thread to the answer.
final class Server {
  /// What answers a request for a path.
  typealias Route = (Request) throws -> Deferred<String>

  let reactor: Reactor
  let database: Database
  private var routes: [String: Route] = [:]

  init(_ reactor: Reactor, _ database: Database) {
    self.reactor = reactor
    self.database = database
    routes["/users"] = { self.users($0) }
  }

  /// Answers requests for one more path.
  func route(_ path: String, _ route: @escaping Route) { routes[path] = route }

  /// Listens on a port that the kernel chooses, and returns it.
  func start() throws -> UInt16 {
    try reactor.listen(host: "127.0.0.1", port: 0) { self.accept($0) }.port
  }

  private func accept(_ connection: Connection) {
    var reader = RequestReader()
    connection.onData { bytes in
      for request in reader.add(bytes) { self.answer(request, on: connection) }
    }
  }

  private func answer(_ request: Request, on connection: Connection) {
    reactor.chain("GET \(request.path)")
    guard let route = routes[request.path] else { return connection.write(response("404 Not Found", "no such page")) }
    do {
      finish(try route(request), on: connection)
    } catch {
      connection.write(response("500 Internal Server Error", "\(error)"))
    }
  }

  /// The chain's end: the page goes out, or what went wrong.
  private func finish(_ page: Deferred<String>, on connection: Connection) {
    page.addCallback { self.response("200 OK", $0) }
      .addErrback { self.response("400 Bad Request", "\($0)") }
      .addCallback { connection.write($0) }
  }

  private func response(_ status: String, _ body: String) -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  // MARK: Users: query → transform → render → finish

  private func users(_ request: Request) -> Deferred<String> {
    render(transform(query(page: request.argument("page") ?? "0")))
  }

  private func query(page: String) -> Deferred<[Database.User]> {
    let database = database
    return reactor.inThread { try database.users(page: page) }
  }

  private func transform(_ users: Deferred<[Database.User]>) -> Deferred<[String]> {
    users.addCallback { users in
      users.sorted { ($0.city, $0.name) < ($1.city, $1.name) }.map { "\($0.name) of \($0.city)" }
    }
  }

  private func render(_ names: Deferred<[String]>) -> Deferred<String> {
    names.addCallback { names in
      "<ul>\n" + names.map { "  <li>\($0)</li>\n" }.joined() + "</ul>\n"
    }
  }
}

extension Demos.Demo {
  /// A demo that is this server and one thing more.
  ///
  /// - Parameters:
  ///   - load: what its clients ask for, and how often.
  ///   - asksForUsers: whether others ask for users besides.
  ///   - hearsSignals: whether a signal ends it in good order; a loop that hangs could not hear it.
  static func server(
    _ name: String, _ summary: String, length: Double = 5, load: [Load] = [], asksForUsers: Bool = true,
    hearsSignals: Bool = true,
    install: @escaping @Sendable (Server) -> Void = { _ in }
  ) -> Demos.Demo {
    Demos.Demo(
      name: name, summary: summary, length: length,
      run: { demo, options in
        let reactor = try Reactor(name: demo.name)
        let server = Server(reactor, try Database())
        install(server)
        try Client.start(options, port: try server.start(), beside: reactor)
        try reactor.run(for: options.seconds, hearsSignals: hearsSignals)
      },
      runBeside: { _, port in try Client.run((asksForUsers ? [.users] : []) + load, port: port) })
  }
}

extension Reactor {
  /// Runs it for so many seconds, or (`nil`) until somebody ends it; a signal lets it finish what it is at.
  func run(for seconds: Double?, hearsSignals: Bool = true) throws {
    if let seconds { callLater(.seconds(seconds)) { self.stop() } }
    for signal in hearsSignals ? [SIGINT, SIGTERM] : [] { try onSignal(signal) { self.shutDown(within: .seconds(1)) } }
    run()
  }
}
