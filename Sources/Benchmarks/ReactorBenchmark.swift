/// What the reactor costs, beside other event loops: each scenario of `Scripts/peers/loop.h`, and a chain of Deferreds.
func reactorBenchmark(_ report: (Measurement) -> Void) {
  let loops = [EventLoop.epoll, .libuv, .libev, .libevent]
  compare("loop iteration", .iteration, 500_000, loops, report)
  compare("timer, 1 to 5 ms", .timers, 100_000, [.libuv, .libev, .libevent], report)
  compare("call from thread, 1000 in a row", .burst, 500_000, loops, report)
  compare("call from thread, one at a time", .ping, 20_000, loops, report)
  compare("chain of five steps", .chain, 100_000, [.nio], report)
}

/// Another event loop that runs here: a program under `Scripts/peers`.
private struct EventLoop {
  let name: String
  private let program: String

  static let epoll = EventLoop(name: "C epoll loop", program: "epoll")
  static let libuv = EventLoop(name: "libuv", program: "libuv")
  static let libev = EventLoop(name: "libev", program: "libev")
  static let libevent = EventLoop(name: "libevent", program: "libevent")
  static let nio = EventLoop(name: "SwiftNIO", program: "nio")

  /// Starts it; `nil` and a line that says why where that cannot be.
  func start(_ scenario: LoopRun.Scenario) -> Peer? {
    Peer(name, [".build/peers/\(program)", scenario.rawValue])
  }
}

/// Measures all of them in turn, round by round, and reports ours, untraced and traced, against each of the others.
private func compare(
  _ name: String, _ scenario: LoopRun.Scenario, _ count: Int, _ others: [EventLoop], _ report: (Measurement) -> Void
) {
  let ours = LoopRun.Mode.allCases.map { mode in
    Contestant(Peer("Looptop, \(mode)", [CommandLine.arguments[0], "--loop", mode.rawValue, scenario.rawValue]))
  }
  let peers = others.map { Contestant($0.start(scenario)) }
  // The first round warms caches and pages.
  for round in 0...11 {
    for contestant in ours + peers { contestant.run(count, isWarmUp: round == 0) }
  }
  for (mode, own) in zip(LoopRun.Mode.allCases, ours) {
    for (other, peer) in zip(others, peers) {
      guard let mine = own.figures, let its = peer.figures else { continue }
      report(Measurement("\(name), \(mode)", "ns", ours: mine, against: other.name, its))
    }
  }
}

/// One program and the figures that it gave.
private final class Contestant {
  /// `nil` where the program could not be started, or has failed.
  private(set) var figures: [Double]? = []
  private let peer: Peer?

  init(_ peer: consuming Peer?) {
    self.peer = peer
  }

  func run(_ count: Int, isWarmUp: Bool) {
    guard figures != nil else { return }
    guard let figure = peer?.run(count) else { return figures = nil }
    if !isWarmUp { figures?.append(figure) }
  }
}
