/// What the reactor costs, beside other event loops: each scenario of `Scripts/peers/loop.h`, and a chain of Deferreds.
func reactorBenchmark(_ report: (Measurement) -> Void) {
  let libraries = [EventLoop.libuv, .libev, .libevent]
  compare("loop iteration", .iteration, 100_000, [.epoll] + libraries, report)
  compare("ready descriptor", .readable, 100_000, [.epoll] + libraries, report)
  compare("timer, 1 to 5 ms", .timers, 50_000, libraries, report)
  compare("call from thread, 1000 in a row", .burst, 200_000, libraries, report)
  compare("call from thread, one at a time", .ping, 2_000, [.epoll] + libraries, report)
  compare("chain of five steps", .chain, 20_000, [.nio], report)
  for connections in [1, 100, 1000] { compareEchoes(connections, [.epoll] + libraries, report) }
  compareMemory(libraries, report)
}

/// An event loop that runs here as a program of its own: ours, or one under `Scripts/peers`.
struct EventLoop {
  let name: String
  private let command: [String]

  private init(_ name: String, _ program: String) {
    self.name = name
    command = [".build/peers/\(program)"]
  }

  private init(_ mode: LoopRun.Mode) {
    name = mode.rawValue
    command = [CommandLine.arguments[0], "--loop", mode.rawValue]
  }

  static let ours = LoopRun.Mode.allCases.map { EventLoop($0) }
  static let epoll = EventLoop("C epoll loop", "epoll")
  static let libuv = EventLoop("libuv", "libuv")
  static let libev = EventLoop("libev", "libev")
  static let libevent = EventLoop("libevent", "libevent")
  static let nio = EventLoop("SwiftNIO", "nio")

  /// Starts it; `nil` and a line that says why where that cannot be.
  func start(_ scenario: LoopRun.Scenario) -> Peer? {
    Peer(name, command + [scenario.rawValue])
  }
}

/// A callback's (or a chain's) CPU time.
private func compare(
  _ name: String, _ scenario: LoopRun.Scenario, _ count: Int, _ others: [EventLoop], _ report: (Measurement) -> Void
) {
  let contestants = (EventLoop.ours + others).map { Contestant($0) }
  takeTurns(contestants, scenario) { contestant, _ in contestant.run(count) }
  reportAll(name, "ns", contestants, report)
}

/// Measures all of them round by round, in rounds of a moment each: the machine is the same for all in a round, whatever it
/// does meanwhile. Each round is in another order, so that nobody always has the same neighbour, and nobody has two turns in a
/// row: with a thousand connections he would find a tenth of the work done, by his caches. Now and then all are started
/// anew: where a process's memory comes to lie makes some percent, and for as long as it lives.
///
/// - Parameters:
///   - rounds: from one start to the next.
///   - prepare: called after each start.
func takeTurns(
  _ contestants: [Contestant], _ scenario: LoopRun.Scenario, rounds: Int = 7, prepare: () -> Void = {},
  figure: (borrowing Peer, _ index: Int) -> Double?
) {
  var order = Array(contestants.indices)
  for _ in 0..<15 {
    for contestant in contestants { contestant.start(scenario) }
    prepare()
    for round in 0...rounds {
      let last = order.last
      repeat { order.shuffle() } while order.first == last
      for index in order { contestants[index].measure(round) { figure($0, index) } }
    }
  }
}

/// Ours, untraced and traced, against each of the others.
func reportAll(
  _ name: String, _ unit: String, _ contestants: [Contestant], _ report: (Measurement) -> Void
) {
  let count = EventLoop.ours.count
  for own in contestants.prefix(count) {
    for other in contestants.dropFirst(count) {
      guard let mine = own.figures, let its = other.figures else { continue }
      report(Measurement("\(name), \(own.name)", unit, ours: mine, against: other.name, its))
    }
  }
}

/// One program, and what was measured of it.
final class Contestant {
  /// `nil` where the program could not be started, or has failed.
  private(set) var figures: [Double]? = []
  private let loop: EventLoop
  private var peer: Peer?

  init(_ loop: EventLoop) { self.loop = loop }

  var name: String { loop.name }

  /// Starts it, in place of the one before.
  func start(_ scenario: LoopRun.Scenario) {
    peer = nil
    if figures == nil { return }
    peer = loop.start(scenario)
    if peer == nil { figures = nil }
  }

  /// Adds a figure; that of round 0, which warms caches and pages, is thrown away.
  func measure(_ round: Int, _ figure: (borrowing Peer) -> Double?) {
    guard figures != nil else { return }
    guard let figure = ask(figure) else { return figures = nil }
    if round > 0 { figures?.append(figure) }
  }

  /// What the program answers; `nil` where there is none.
  @discardableResult
  func ask<Answer>(_ question: (borrowing Peer) -> Answer?) -> Answer? {
    switch peer {
    case .some(let peer): question(peer)
    case .none: nil
    }
  }
}
