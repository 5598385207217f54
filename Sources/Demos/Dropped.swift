import Reactor

extension Demos.Demo {
  /// A full waiting room lets go of those who wait longest, without a word: their requests are never answered.
  static let dropped = server(
    "dropped", "requests are forgotten: their Deferreds are let go of, and nobody fires them",
    load: [Load(targets: (1...1_000).map { "/quote?of=\($0 % 7)" }, connections: 12, pause: .milliseconds(200))]
  ) { server in
    let quotes = Quotes(server.reactor)
    server.route("/quote") { request in quotes.price(of: request.argument("of") ?? "") }
  }
}

/// Prices come from elsewhere, some sixty milliseconds after somebody asks; all who ask for the same one wait for one answer.
private final class Quotes {
  private let reactor: Reactor
  /// Who waits for which price, in the order of asking.
  private var waiting: [(name: String, answers: [Deferred<String>])] = []
  private static let room = 2

  init(_ reactor: Reactor) { self.reactor = reactor }

  func price(of name: String) -> Deferred<String> {
    let answer = Deferred<String>(on: reactor)
    if let place = waiting.firstIndex(where: { $0.name == name }) {
      waiting[place].answers.append(answer)
      return answer
    }
    // The mistake: those in the oldest place would have to be told that there is no room for them.
    if waiting.count == Quotes.room { waiting.removeFirst() }
    waiting.append((name, [answer]))
    ask(name)
    return answer
  }

  private func ask(_ name: String) {
    reactor.callLater(.milliseconds(60)) {
      guard let place = self.waiting.firstIndex(where: { $0.name == name }) else { return }
      for answer in self.waiting.remove(at: place).answers { answer.callback("\(name) stands at \(name.count * 100)") }
    }
  }
}
