import Glibc
import Reactor
import Testing
import Trace

@Suite("A group of reactors", .serialized)
struct ReactorGroupTests {
  @Test("spreads connections evenly over loops on threads of their own", arguments: LoopKind.allCases)
  func spread(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let group = try ReactorGroup(3, recording: .off)
    let served = Monitor<[String: Int]>([:])
    let own = pthread_self()
    let listener = try reactor.listen(on: SocketAddress(host: "127.0.0.1", port: 0), spreadOver: group) { connection in
      #expect(pthread_equal(pthread_self(), own) == 0)
      served.withLock { $0[connection.reactor.name, default: 0] += 1 }
      connection.onBytes { connection.write($0) }
    }
    let left = Box(30)
    for _ in 0..<30 {
      reactor.connect(to: listener.address).addCallback { client in
        client.onBytes { _ in
          left.value -= 1
          if left.value == 0 { reactor.stop() }
        }
        client.write("hello")
      }
    }
    loop.run()
    let reports = group.shutDown(within: .seconds(10))
    #expect(served.withLock { $0 } == ["worker-1": 10, "worker-2": 10, "worker-3": 10])
    #expect(reports.count == 3 && reports.allSatisfy(\.isClean))
    #expect(group.shutDown(within: .zero).count == 3)
    #expect(group.remotes.allSatisfy { !$0.call { _ in } })
  }

  @Test("records each loop in a ring of its own, where a connection begins a chain as an accept does")
  func recorded() throws {
    let rings = try Rings()
    let loop = try LoopUnderTest(.real)
    let reactor = loop.reactor
    let group = try ReactorGroup(2, name: "part", recording: rings.options)
    let listener = try reactor.listen(
      on: SocketAddress(host: "127.0.0.1", port: 0), spreadOver: group, function: "serve"
    ) { connection in
      connection.onBytes(function: "echo") { connection.write($0) }
    }
    let left = Box(2)
    for _ in 0..<2 {
      reactor.connect(to: listener.address).addCallback { client in
        client.onBytes { _ in
          left.value -= 1
          if left.value == 0 { reactor.stop() }
        }
        client.write("hello")
      }
    }
    loop.run()
    _ = group.shutDown(within: .seconds(10))
    let recorded = try rings.read()
    #expect(recorded.map(\.name).sorted() == ["part-1", "part-2"])
    for ring in recorded {
      let serve = try #require(ring.events.first { $0.contains(" kind=io trigger=thread site=serve ") })
      #expect(serve.hasSuffix(" starts-chain"))
      // What is read begins chains of its own, in the name of what was registered there.
      let span = serve.split(separator: " ").first { $0.hasPrefix("span=") }!.dropFirst(5)
      #expect(ring.events.contains { $0.contains("kind=read site=echo chain=\(span) by=\(span)") })
      #expect(ring.events.contains { $0.contains("kind=io trigger=poll site=echo") && $0.hasSuffix(" starts-chain") })
    }
  }

  @Test("gives connections to the loops that are left, and closes them where none is", arguments: LoopKind.allCases)
  func ended(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let group = try ReactorGroup(2, recording: .off)
    let names = Monitor<[String]>([])
    let listener = try reactor.listen(on: SocketAddress(host: "127.0.0.1", port: 0), spreadOver: group) { connection in
      names.withLock { $0.append(connection.reactor.name) }
      connection.write("hello")
      connection.close()
    }
    group.remotes[0].call { $0.stop() }
    while group.remotes[0].call({ _ in }) { usleep(100) }
    let answers = Box<[String]>([])
    func ask(_ left: Int) {
      if left == 0 { return reactor.stop() }
      if left == 1 { _ = group.shutDown(within: .seconds(10)) }
      reactor.connect(to: listener.address).addCallback { client in
        client.onData { answers.value.append(String(decoding: $0, as: UTF8.self)) }
        client.onClose { _ in ask(left - 1) }
      }
    }
    ask(3)
    loop.run()
    #expect(names.withLock { $0 } == ["worker-2", "worker-2"])
    #expect(answers.value == ["hello", "hello"])
  }

  @Test("goes away by itself where nobody ends it, and is not ended by a thread of its own")
  func unended() async throws {
    let remotes = try ReactorGroup(2, recording: .off).remotes
    for remote in remotes {
      while remote.call({ _ in }) { usleep(100) }
    }
    await #expect(processExitsWith: .failure) {
      let group = try ReactorGroup(1, recording: .off)
      group.remotes[0].call { _ in _ = group.shutDown(within: .zero) }
      sleep(10)
    }
  }
}
