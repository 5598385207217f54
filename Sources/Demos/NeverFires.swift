import Reactor

extension Demos.Demo {
  /// A retry puts a new Deferred in the first one's place: nobody can fire the first any more, and its request waits.
  static let neverFires = server(
    "never-fires", "a retry leaves a request waiting for a Deferred that nobody can fire",
    load: (0..<3).map { client in
      Load(
        targets: (1...1_000).map { "/orders?id=\($0 + client)" }, pause: .milliseconds(300),
        start: .milliseconds(500 + 200 * Int64(client)))
    }
  ) { server in
    let orders = Orders(server)
    server.route("/orders") { request in
      orders.state(of: request.argument("id").flatMap { Int($0) } ?? 0)
    }
  }
}

private final class Orders {
  private let server: Server
  /// Who fires which order's Deferred when the database has answered.
  private var waiting: [Int: Deferred<String>] = [:]
  /// The requests being served, as a status page would list them.
  private var requests: [Deferred<String>] = []

  init(_ server: Server) { self.server = server }

  func state(of order: Int) -> Deferred<String> {
    let answer = Deferred<String>(on: server.reactor)
    waiting[order] = answer
    requests.append(answer)
    ask(order, in: "orders")
    return answer
  }

  private func ask(_ order: Int, in table: String) {
    let database = server.database
    server.reactor.inThread { try database.state(ofOrder: order, in: table) }
      .addCallback { state in self.waiting.removeValue(forKey: order)?.callback(state) }
      .addErrback { _ in self.retry(order) }
  }

  /// The mistake: the second attempt has a Deferred of its own, and the first one is forgotten.
  private func retry(_ order: Int) {
    waiting[order] = Deferred(on: server.reactor)
    ask(order, in: "archive")
  }
}
