import Reactor

extension Demos.Demo {
  /// A page is put together from others, which are put together from others. Two of them want each other.
  static let waitingCycle = server(
    "waiting-cycle", "two pages are waiting for each other, and requests for both of them",
    load: [
      Load(
        targets: (1...40).map { "/page?name=news\($0)" } + ["/page?name=about"], pause: .milliseconds(25),
        start: .milliseconds(300))
    ]
  ) { server in
    let pages = Pages(server)
    server.route("/page") { request in pages.page(request.argument("name") ?? "about") }
  }
}

private final class Pages {
  private let server: Server
  /// Each is put together once; whoever asks meanwhile waits for the same.
  private var pages: [String: Deferred<String>] = [:]

  init(_ server: Server) { self.server = server }

  func page(_ name: String) -> Deferred<String> {
    if let known = pages[name] { return known.addCallback { text in text } }
    let page = compose(name)
    pages[name] = page
    return page.addCallback { text in text }
  }

  /// Its own text, and then that of the page that it includes.
  private func compose(_ name: String) -> Deferred<String> {
    text(of: name).addCallback { text in
      guard let other = self.included(in: name) else { return self.server.reactor.succeeded(text) }
      return self.page(other).addCallback { text + $0 }
    }
  }

  private func text(of name: String) -> Deferred<String> {
    let database = server.database
    return server.reactor.inThread { "\(name): \(try database.users(page: "1").count) users\n" }
  }

  /// The mistake is in what somebody wrote into the pages, and that nobody looks out for it.
  private func included(in name: String) -> String? {
    switch name {
    case "about": "contact"
    case "contact": "about"
    default: name == "footer" ? nil : "footer"
    }
  }
}
