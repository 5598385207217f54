import CLinux
import Glibc
import Reactor

/// `looptop-demo NAME [--way WAY] [--seconds S]`: small programs on the reactor, to be watched.
///
/// Each demo is one file: those that have something wrong are named after it.
@main enum Demos {
  /// One of them.
  struct Demo: Sendable {
    var name: String
    /// What there is to see, in a line.
    var summary: String
    /// What it compares: each way is a run of its own, and a recording of its own.
    var ways: [String] = []
    /// How many seconds are enough of it; `nil` for one that comes to an end of its own.
    var length: Double? = 5
    var run: @Sendable (Demo, Options) throws -> Void
    /// What the processes do that it starts beside itself: its clients, or its workers.
    var runBeside: @Sendable (Options, UInt16) throws -> Void = { _, _ in }
  }

  static let all = [
    Demo.healthy, .blockingQuery, .thousandCuts, .starvation, .lateTimers, .spinning, .growingQueue, .saturatedPool,
    .neverFires, .dropped, .unhandledFailure, .waitingCycle, .hang, .talk, .fourWays, .chat, .workers,
  ]

  static func main() {
    // Whoever started it may be killed; nobody would be left to end it.
    _ = ll_end_with_parent()
    do {
      let options = try Options(CommandLine.arguments.dropFirst())
      if options.list { return list() }
      if options.name == StandInDatabase.name { return try StandInDatabase.run() }
      guard let demo = all.first(where: { $0.name == options.name }) else {
        fail("usage: looptop-demo NAME [--way WAY] [--seconds S], NAME being one of \(names(all.map(\.name)))")
      }
      try run(demo, options)
    } catch {
      fail("looptop-demo: \(error)")
    }
  }

  /// For `looptop demo`: a line each, with name, ways, length and summary between tabs.
  private static func list() {
    for demo in all {
      let length = demo.length.map { "\($0)" } ?? ""
      print([demo.name, demo.ways.joined(separator: ","), length, demo.summary].joined(separator: "\t"))
    }
  }

  private static func run(_ demo: Demo, _ options: Options) throws {
    if let port = options.port { return try demo.runBeside(options, port) }
    if let way = options.way, !demo.ways.contains(way) {
      fail("looptop-demo: \(demo.name) has no way \(way); it has \(demo.ways.isEmpty ? "none" : names(demo.ways))")
    }
    if demo.ways.isEmpty || options.way != nil { return try demo.run(demo, options) }
    for way in demo.ways {
      var one = options
      one.way = way
      one.seconds = options.seconds ?? demo.length
      let status = try ChildProcess(one, records: true, output: .inherited).wait()
      if status != 0 { exit(status) }
    }
  }

  private static func names(_ words: [String]) -> String { words.joined(separator: ", ") }

  static func fail(_ message: String) -> Never {
    let line = message + "\n"
    _ = line.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
  }
}
