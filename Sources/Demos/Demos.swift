import CLinux
import Glibc
import Reactor

/// `looptop-demo NAME [--seconds S]`: a small server on the reactor with one thing wrong with it, and its own load.
///
/// Each demo is one file, named after what is wrong.
@main enum Demos {
  /// What a demo adds to the server that all of them are.
  struct Demo: Sendable {
    var name: String
    /// What its clients ask for besides users, and how often.
    var load: [Load]
    var install: @Sendable (Server) -> Void
  }

  static let all = [Demo.healthy, .blockingQuery, .neverFires, .hang]

  static func main() {
    // Whoever started it may be killed; nobody would be left to end it.
    _ = ll_end_with_parent()
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "--list" { return print(all.map(\.name).joined(separator: "\n")) }
    guard let name = arguments.first(where: { !$0.hasPrefix("-") }), let demo = all.first(where: { $0.name == name })
    else {
      fail("usage: looptop-demo NAME [--seconds S], NAME being one of \(all.map(\.name).joined(separator: ", "))")
    }
    do {
      if let port = option("--client").flatMap({ UInt16($0) }) {
        try Client.run(demo, port: port)
      } else {
        try serve(demo, seconds: option("--seconds").flatMap { Double($0) })
      }
    } catch {
      fail("looptop-demo: \(error)")
    }
  }

  private static func serve(_ demo: Demo, seconds: Double?) throws {
    let reactor = try Reactor(name: demo.name)
    let server = Server(reactor, try Database())
    demo.install(server)
    let port = try server.start()
    try Client.start(demo, port: port)
    if let seconds { reactor.callLater(.seconds(seconds)) { reactor.stop() } }
    reactor.run()
  }

  /// The word behind an option on the command line.
  private static func option(_ name: String) -> String? {
    CommandLine.arguments.firstIndex(of: name).flatMap { index in
      index + 1 < CommandLine.arguments.count ? CommandLine.arguments[index + 1] : nil
    }
  }

  static func fail(_ message: String) -> Never {
    let line = message + "\n"
    _ = line.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
  }
}
