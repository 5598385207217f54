import Reactor

extension Demos.Demo {
  /// One kind of request asks the database on the loop: 200 ms in which nobody else is served.
  static let blockingQuery = server(
    "blocking-query", "one kind of request asks the database on the loop",
    load: [Load(targets: ["/report"], pause: .milliseconds(900), start: .milliseconds(700))]
  ) { server in
    server.route("/report") { _ in BlockingQuery(server: server).report() }
  }
}

private struct BlockingQuery {
  let server: Server

  func report() -> Deferred<String> {
    yearlyReport(mayRead())
  }

  /// This goes as it should: asked on a thread, answered on the loop.
  private func mayRead() -> Deferred<Bool> {
    let database = server.database
    return server.reactor.inThread { try !database.users(page: "0").isEmpty }
  }

  /// This does not: the step runs on the loop, and so does the query in it.
  private func yearlyReport(_ permission: Deferred<Bool>) -> Deferred<String> {
    permission.addCallback { mayRead in
      mayRead ? try server.database.yearlyReport() : "not for you"
    }
  }
}
