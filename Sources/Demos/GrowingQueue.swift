import Reactor

extension Demos.Demo {
  /// A message that cannot be delivered is tried again soon, and again: there are ever more of them, and the loop never rests.
  static let growingQueue = Demos.Demo(
    name: "growing-queue", summary: "what fails is called for soon again: the ready queue only grows",
    run: { demo, options in
      let reactor = try Reactor(name: demo.name)
      Outbox(reactor).start()
      try reactor.run(for: options.seconds)
    })
}

/// Messages on their way to a peer that is not there.
private final class Outbox {
  private let reactor: Reactor
  private var sent = 0
  private var peer: Connection?
  private var lastSeal = 0

  private struct Message {
    let number: Int
    let text: [UInt8]
  }

  init(_ reactor: Reactor) { self.reactor = reactor }

  /// Forty a second.
  func start() {
    reactor.callEvery(.milliseconds(25)) {
      self.sent += 1
      self.deliver(Message(number: self.sent, text: [UInt8](repeating: UInt8(self.sent % 256), count: 60_000)))
    }
  }

  private func deliver(_ message: Message) {
    seal(message)
    guard let peer else {
      // The mistake: the next tick is no better moment than this one. Later would be, and not for ever.
      return reactor.callSoon { self.deliver(message) }
    }
    peer.write(message.text)
  }

  /// A message goes out with a checksum, in which the one before has its part.
  private func seal(_ message: Message) {
    var hasher = Hasher()
    hasher.combine(lastSeal)
    message.text.withUnsafeBytes { hasher.combine(bytes: $0) }
    lastSeal = hasher.finalize()
  }
}
