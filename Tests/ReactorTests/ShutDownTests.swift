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
    let thread = ClientThread {
      defer { client.end() }
      return client.receiveAll()
    }
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

  @Test("waits for tasks, but not for the one that called for it", arguments: LoopKind.allCases)
  func tasks(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    reactor.task {
      try await reactor.sleep(for: .milliseconds(3))
      log.add("worked")
      try await reactor.task { try await reactor.sleep(for: .milliseconds(1)) }.value
    }.addCallback { log.add("done") }
    reactor.task {
      let report = try await reactor.shutDown(within: .seconds(20)).value
      log.add("clean \(report.isClean)")
    }
    loop.drive(for: .milliseconds(10))
    #expect(log.value == ["worked", "done", "clean true"])
  }

  @Test("cancels a task that is not done in time, and says where it was started", arguments: LoopKind.allCases)
  func unfinishedTask(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    reactor.task(function: "for ever") {
      defer { log.add("cancelled \(Task.isCancelled)") }
      try await reactor.sleep(for: .seconds(1_000))
    }
    reactor.shutDown(within: .milliseconds(2)).addCallback { log.add("\($0.unfinished.map(\.function))") }
    loop.drive(for: .milliseconds(10))
    #expect(log.value == [#"["for ever"]"#, "cancelled true"])
  }

  @Test("asks children to end, and waits for them", arguments: LoopKind.allCases)
  func children(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let child = try loop.reactor.spawn("sleep", ["1000"])
    child.exit.addCallback { log.add("\($0)") }
    loop.reactor.shutDown(within: .seconds(20)).addCallback { log.add("clean \($0.isClean)") }
    loop.run()
    #expect(log.value == ["signal 15 (Terminated)", "clean true"])
  }

  @Test("kills a child that does not end in time, and leaves nothing of it")
  func obstinateChild() throws {
    let loop = try LoopUnderTest(.real)
    let reactor = loop.reactor
    let killed = Box<[pid_t]>([])
    let child = try reactor.spawn("/bin/sh", ["-c", "trap '' TERM; echo ready; exec sleep 1000"], output: .pipe)
    child.output.onBytes { _ in
      reactor.shutDown(within: .milliseconds(5)).addCallback { killed.value = $0.killed }
    }
    loop.run()
    #expect(killed.value == [child.id])
    #expect(kill(child.id, 0) == -1 && errno == ESRCH)
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
