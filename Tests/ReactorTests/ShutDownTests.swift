import Glibc
import Reactor
import Testing
import Trace

@Suite("Shutting down", .serialized)
struct ShutDownTests {
  private let log = Box<[String]>([])
  private static let body = [UInt8](repeating: 5, count: 8 << 20)

  @Test("accepts no more, waits for the program's work, and sends what was written", arguments: LoopKind.allCases)
  func drains(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let received = Box(0)
    let work = reactor.deferred(of: Void.self)
    reactor.onShutDown {
      log.add("finishing")
      return work
    }
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      log.add("accepted")
      server.onBytes { _ in
        reactor.shutDown(within: .seconds(20)).addCallback { log.add("clean \($0.isClean)") }
        // The answer to a request that it is at.
        reactor.callLater(.milliseconds(2)) {
          server.write(Self.body)
          log.add("answered")
          work.callback()
        }
      }
      server.onClose { _ in log.add("server closed") }
    }
    let idle = reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client in
      client.onBytes { _ in }
      return client
    }
    // A client of its own process would do: this one has to live past the shutdown, and is blocking.
    let client = try BlockingClient(port: listener.port)
    client.send("request")
    let thread = ClientThread { client.receiveAll() }
    if kind == .real { loop.run() } else { loop.drive(for: .milliseconds(2)) }
    received.value = thread.join()
    #expect(received.value == Self.body.count)
    let steps = log.value.filter { $0 != "server closed" }
    #expect(steps == ["accepted", "accepted", "finishing", "answered", "clean true"])
    #expect(throws: ReactorError.failed(.connect, at: nil, errno: ECONNREFUSED)) {
      try BlockingClient(port: listener.port)
    }
    withExtendedLifetime(idle) {}
  }

  @Test("cuts off what is not done in time, and says what", arguments: LoopKind.allCases)
  func cutsOff(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    reactor.onShutDown(function: "slow work") { reactor.deferred() }
    reactor.onShutDown { throw Oops.first }
    let report = Box<ShutDown?>(nil)
    let clients = Box<[Connection]>([])
    let peers = Box<[Peer]>([])
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      peers.value.append(server.peer)
      server.write(Self.body)
      server.onBytes { _ in }
      let first = reactor.shutDown(within: .milliseconds(5))
      #expect(first === reactor.shutDown(within: .seconds(100)))
      first.addCallback { report.value = $0 }
    }
    // Reads nothing.
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { clients.value.append($0) }
    loop.drive(for: .milliseconds(200))
    #expect(report.value?.aborted == peers.value)
    #expect(report.value?.unfinished.map(\.function) == ["slow work"])
    #expect(report.value?.isClean == false)
    #expect(loop.failures.value == ["first"])
  }

  @Test("stops at once where there is nothing to finish", arguments: LoopKind.allCases)
  func nothing(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    loop.reactor.shutDown(within: .seconds(100)).addCallback { log.add("\($0.isClean)") }
    loop.run()
    #expect(log.value == ["true"])
    loop.reactor.shutDown(within: .zero).addErrback { error in
      log.add("\(error)")
      throw CancellationError()
    }
    #expect(log.value == ["true", "the reactor has ended"])
  }
}
