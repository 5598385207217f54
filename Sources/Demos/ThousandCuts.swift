import Reactor

extension Demos.Demo {
  /// What one publishes is put onto four thousand readers' front pages, a callback each: none takes long, and all run in
  /// one tick.
  static let thousandCuts = server(
    "thousand-cuts", "four thousand small callbacks in one tick: none is slow, the tick is",
    load: [Load(targets: ["/publish"], pause: .milliseconds(900), start: .milliseconds(700))]
  ) { server in
    let pages = FrontPages(server.reactor)
    server.route("/publish") { _ in pages.publish() }
  }
}

/// A front page for each reader, made anew with every story.
private final class FrontPages {
  private let reactor: Reactor
  private var stories = (1...150).map { "story \($0)" }
  private var pages = [String](repeating: "", count: 4_000)

  init(_ reactor: Reactor) { self.reactor = reactor }

  func publish() -> Deferred<String> {
    let story = "story \(stories.count + 1)"
    stories.append(story)
    // A callback for each reader looks like giving way to others: but all of them stand in the queue of this very tick.
    for reader in pages.indices {
      reactor.callSoon { self.compose(for: reader) }
    }
    return reactor.succeeded("\(story) is on its way")
  }

  /// The latest, in the reader's own order.
  private func compose(for reader: Int) {
    let latest = stories.suffix(150)
    let first = latest.startIndex + reader % latest.count
    pages[reader] = (latest[first...] + latest[..<first]).map { "<li>\($0)</li>\n" }.joined()
  }
}
