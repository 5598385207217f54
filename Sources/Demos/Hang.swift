import Reactor

extension Demos.Demo {
  /// Eight seconds in, a callback waits in a loop for what only another callback could do: it never returns.
  static let hang = Demos.Demo(name: "hang", load: []) { server in
    waitForReload(on: server.reactor)
  }
}

private final class Flag { var isSet = false }

private func waitForReload(on reactor: Reactor) {
  reactor.callLater(.seconds(8)) {
    let reloaded = Flag()
    reactor.callSoon { reloaded.isSet = true }
    // The loop is in here, so it cannot run what was just put into its queue.
    while !reloaded.isSet {}
  }
}
