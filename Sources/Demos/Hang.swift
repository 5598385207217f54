import CLinux
import Reactor

extension Demos.Demo {
  /// Eight seconds in, a callback waits in a loop for what only another callback could do: it never returns.
  static let hang = server(
    "hang", "eight seconds in, a callback never returns", length: 12, hearsSignals: false
  ) { server in
    waitForReload(on: server.reactor)
  }
}

private final class Flag { var isSet = false }

private func waitForReload(on reactor: Reactor) {
  reactor.callLater(.seconds(8)) {
    let reloaded = Flag()
    reactor.callSoon { reloaded.isSet = true }
    // The loop is in here, so it cannot run what was just put into its queue. (Reading the counter keeps the optimizer
    // from taking a loop that does nothing for nothing.)
    while !reloaded.isSet { _ = ll_counter() }
  }
}
