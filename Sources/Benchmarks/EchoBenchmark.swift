import CLinux

/// An echo server's CPU time for a message of 64 bytes, with one under way on each connection.
///
/// CPU time rather than time on the wall: that is mostly the load generator's, and the scheduler's. The server has one CPU and the
/// load generator another one: where the scheduler puts both on the same, a message costs half, now and then and for anybody.
func compareEchoes(_ connections: Int, _ others: [EventLoop], _ report: (Measurement) -> Void) {
  let count = 2_000
  let contestants = (EventLoop.ours + others).map { Contestant($0) }
  var loads: [Load] = []
  let (first, second) = (ll_usable_cpu(0), ll_usable_cpu(1))
  if second < 0 { complain("there is but one CPU: the echo's servers share it with the load generator") }
  takeTurns(contestants, .echo, rounds: 28) {
    loads = contestants.map { Load(on: $0, connections) }
    if second < 0 { return }
    for server in contestants { server.ask { $0.pin(to: first) } }
    for load in loads { load.pin(to: second) }
  } figure: { server, index in
    guard let before = server.state(), loads[index].run(count), let after = server.state() else { return nil }
    return (after.time - before.time) / Double(count)
  }
  reportAll("TCP echo, \(connections) connection\(connections > 1 ? "s" : "")", "ns", contestants, report)
}

/// What an echo server's memory grows by with each connection, which has had one message and is idle then.
func compareMemory(_ others: [EventLoop], _ report: (Measurement) -> Void) {
  let connections = 10_000
  let contestants = (EventLoop.ours + others).map { Contestant($0) }
  for contestant in contestants {
    contestant.start(.echo)
    // Once: a second time it would find the memory of the first.
    contestant.measure(1) { server in
      // The first ones bring in the program's own pages.
      let first = Load(port: server.state()?.port ?? 0, 100)
      guard first.run(1000), let before = server.state() else { return nil }
      let load = Load(port: before.port, connections)
      guard load.run(connections), let after = server.state() else { return nil }
      return (after.memory - before.memory) / Double(connections)
    }
  }
  reportAll("idle connection", "B", contestants, report)
}

/// The load generator: the other end of so many connections to an echo server.
private final class Load {
  private let peer: Peer?

  init(port: Int, _ connections: Int) {
    peer = Peer("the load generator", [".build/peers/load", "\(port)", "\(connections)"])
  }

  convenience init(on server: Contestant, _ connections: Int) {
    self.init(port: server.ask { $0.state()?.port } ?? 0, connections)
  }

  func pin(to cpu: Int32) {
    switch peer {
    case .some(let peer): peer.pin(to: cpu)
    case .none: break
    }
  }

  /// Sends so many messages and waits for all that come back; whether they did.
  func run(_ count: Int) -> Bool {
    switch peer {
    case .some(let peer): peer.run(count) != nil
    case .none: false
    }
  }
}
