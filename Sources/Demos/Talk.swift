import PostgreSQL
import Reactor

extension Demos.Demo {
  /// A request that asks a database, written as one would without a loop, and as a loop wants it.
  static let talk = Demos.Demo(
    name: "talk", summary: "a request that asks a database: waiting for it, and with a Deferred",
    ways: ["synchronous", "deferred"],
    run: { demo, options in
      let choice = try TalkDatabaseChoice(options.database)
      let reactor = try Reactor(name: "talk \(options.way!)")
      let database = try choice.open(reactor)
      let site: any Site =
        options.way == "synchronous" ? SynchronousSite(database: database) : DeferredSite(database: database)
      try Client.start(options, port: try Talk(reactor, site).start(), beside: reactor)
      try reactor.run(for: options.seconds)
    },
    runBeside: { _, port in
      // Two want the users, and wait 200 ms for them; eight others only say hello, and want to be greeted at once.
      let users = Load(targets: ["/users"], connections: 2, pause: .milliseconds(800), start: .milliseconds(500))
      let greetings = Load(targets: ["/hello"], connections: 8, pause: .milliseconds(25))
      try Client.run([users, greetings], port: port)
    })
}

/// What answers `GET /users`.
private protocol Site {
  func users(_ connection: Connection) throws
}

// MARK: The one way

/// Reads as it runs, from top to bottom; and hangs until the database gets back, with everybody else.
private struct SynchronousSite: Site {
  let database: any TalkDatabase

  func users(_ connection: Connection) throws {
    let users = try database.queryAndWait()
    let names = Page.transform(users)
    let html = Page.render(names)
    Page.finish(html, connection)
  }
}

// MARK: The other

/// Four small functions: each adds a step for when what it needs is there. None waits.
private struct DeferredSite: Site {
  let database: any TalkDatabase

  func users(_ connection: Connection) {
    finish(render(transform(database.query())), connection)
  }

  private func transform(_ users: Deferred<[Database.User]>) -> Deferred<[String]> {
    users.addCallback { Page.transform($0) }
  }

  private func render(_ names: Deferred<[String]>) -> Deferred<String> {
    names.addCallback { Page.render($0) }
  }

  private func finish(_ html: Deferred<String>, _ connection: Connection) {
    html.addCallback { Page.finish($0, connection) }
      .addErrback { Page.fail($0, connection) }
  }
}

// MARK: What both have

/// The work itself.
private enum Page {
  static func transform(_ users: [Database.User]) -> [String] {
    users.sorted { ($0.city, $0.name) < ($1.city, $1.name) }.map { "\($0.name) of \($0.city)" }
  }

  static func render(_ names: [String]) -> String {
    "<ul>\n" + names.map { "  <li>\($0)</li>\n" }.joined() + "</ul>\n"
  }

  static func finish(_ html: String, _ connection: Connection) {
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(html.utf8.count)\r\n\r\n\(html)")
  }

  static func fail(_ error: any Error, _ connection: Connection) {
    let text = "\(error)\n"
    connection.write("HTTP/1.1 500 Internal Server Error\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
  }
}

private final class Talk {
  private let reactor: Reactor
  private let site: any Site

  init(_ reactor: Reactor, _ site: any Site) {
    self.reactor = reactor
    self.site = site
  }

  func start() throws -> UInt16 {
    try reactor.listen(host: "127.0.0.1", port: 0) { self.accept($0) }.port
  }

  private func accept(_ connection: Connection) {
    var reader = RequestReader()
    connection.onData { bytes in
      for request in reader.add(bytes) { self.answer(request, connection) }
    }
  }

  private func answer(_ request: Request, _ connection: Connection) {
    reactor.chain("GET \(request.path)")
    guard request.path == "/users" else { return Page.finish("hello\n", connection) }
    do {
      try site.users(connection)
    } catch {
      Page.fail(error, connection)
    }
  }
}
