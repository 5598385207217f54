extension Demos.Demo {
  /// An index is built word by word, each step calling soon for the next; the loop empties its ready queue before it polls,
  /// and the queue is not empty until the last word: nobody else's turn comes.
  static let starvation = Demos.Demo(
    name: "starvation", summary: "callbacks that call soon for the next keep a loop from its poll",
    run: { demo, options in
      let loop = PlainLoop(name: demo.name, turn: .untilEmpty, wait: .untilTheNextTimer)
      Heartbeat(loop).beat()
      Indexer(loop).awaitDocument()
      loop.run(for: options.seconds)
    })
}

/// Tells the others, ten times a second, that this one is alive.
private final class Heartbeat {
  private let loop: PlainLoop
  private var beats = 0

  init(_ loop: PlainLoop) { self.loop = loop }

  func beat() {
    beats += 1
    loop.callLater(.milliseconds(100)) { self.beat() }
  }
}

/// Knows which words stand where in the latest document.
private final class Indexer {
  private let loop: PlainLoop
  private var places: [String: [Int]] = [:]
  private static let words = 400_000

  init(_ loop: PlainLoop) { self.loop = loop }

  /// One comes in now and then.
  func awaitDocument() {
    loop.callLater(.milliseconds(900)) {
      self.places = [:]
      self.index(from: 0)
      self.awaitDocument()
    }
  }

  /// A hundred words at a time, so as not to block the loop. But the rest does not wait for the next poll: it is put into a
  /// queue that this loop empties first.
  private func index(from first: Int) {
    for place in first..<(first + 100) { places[word(at: place), default: []].append(place) }
    if first + 100 < Indexer.words { loop.callSoon { self.index(from: first + 100) } }
  }

  private func word(at place: Int) -> String { "word \(place &* 7_919 % 5_003)" }
}
