extension Demos.Demo {
  /// A loop that polls for a fixed time, whatever is due: nothing blocks it, and its timers are late all the same.
  static let lateTimers = Demos.Demo(
    name: "late-timers", summary: "a loop that sleeps too long in its poll: timers are late, and nobody blocks it",
    run: { demo, options in
      let loop = PlainLoop(name: demo.name, turn: .asItStood, wait: .always(.milliseconds(150)))
      KeepAlive(loop).start()
      loop.run(for: options.seconds)
    })
}

/// Sees to it that connections which nobody uses are not taken for dead.
private final class KeepAlive {
  private let loop: PlainLoop
  private var pings: [Int: Int] = [:]

  init(_ loop: PlainLoop) { self.loop = loop }

  func start() {
    for peer in 1...5 { ping(peer) }
  }

  /// Each peer after a time of its own; it is done when the loop looks at its clock next.
  private func ping(_ peer: Int) {
    pings[peer, default: 0] += 1
    loop.callLater(.milliseconds(200 + 30 * Int64(peer))) { self.ping(peer) }
  }
}
