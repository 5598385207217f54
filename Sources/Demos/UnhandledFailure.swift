import Reactor

extension Demos.Demo {
  /// Each answer is noted in a log, and nobody looks whether that works: now and then it does not.
  static let unhandledFailure = server(
    "unhandled-failure", "something fails on the side, and nobody handles it",
    load: [
      Load(targets: (1...1_000).map { "/orders?id=\($0)" }, pause: .milliseconds(250), start: .milliseconds(500))
    ]
  ) { server in
    let orders = Orders(server)
    server.route("/orders") { request in
      orders.state(of: request.argument("id").flatMap { Int($0) } ?? 0)
    }
  }
}

private struct Orders {
  let server: Server

  init(_ server: Server) { self.server = server }

  /// What the customer sees is in order.
  func state(of order: Int) -> Deferred<String> {
    let database = server.database
    note(order)
    return server.reactor.inThread { try database.state(ofOrder: order, in: "orders") }
      .addErrback { _ in "unknown" }
  }

  /// What comes of this is nobody's: every third order is in another table, and the failure goes nowhere.
  private func note(_ order: Int) {
    let database = server.database
    server.reactor.inThread { try database.state(ofOrder: order, in: "orders") }
      .addCallback { state in server.reactor.mark("order \(order) was \(state)") }
  }
}
