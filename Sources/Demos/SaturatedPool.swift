import Glibc
import Reactor

extension Demos.Demo {
  /// Each picture is a wait of a tenth of a second on one of the pool's threads, and there are more who ask than threads.
  static let saturatedPool = server(
    "saturated-pool", "more calls than the pool has threads: they wait for one",
    load: [Load(targets: ["/picture"], connections: 16, pause: .milliseconds(60))], asksForUsers: false
  ) { server in
    let pictures = Pictures(server.reactor)
    server.route("/picture") { _ in pictures.scaled() }
  }
}

/// Pictures of a store that is slow to answer, made smaller.
private struct Pictures {
  let reactor: Reactor

  init(_ reactor: Reactor) { self.reactor = reactor }

  func scaled() -> Deferred<String> {
    original().addCallback { picture in "a small \(picture)" }
  }

  /// A call that waits for the store, and keeps its thread all the while: four can be under way.
  private func original() -> Deferred<String> {
    reactor.inThread {
      usleep(100_000)
      return "picture"
    }
  }
}
