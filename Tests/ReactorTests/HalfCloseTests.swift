import Glibc
import Reactor
import Testing

@Suite("Half-closed connections", .serialized)
struct HalfCloseTests {
  private let log = Box<[String]>([])
  private static let body = [UInt8](repeating: 7, count: 8 << 20)

  @Test("still carry what is written against an end of input", arguments: LoopKind.allCases)
  func answerAfterEnd(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let asked = Box(0)
    let answered = Box(0)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onBytes { asked.value += $0.byteCount }
      server.onEnd {
        log.add("asked")
        // Not at once: nothing else keeps it alive, or open, until then.
        reactor.callSoon {
          #expect(server.isOpen)
          server.write(Self.body)
          server.endOutput()
          #expect(!server.isOpen)
          server.write("too late")
        }
      }
      server.onClose { error in
        log.add("server \(error == nil)")
        if log.value.count == 3 { reactor.stop() }
      }
    }
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client in
      client.write(Self.body)
      client.endOutput()
      client.onBytes { answered.value += $0.byteCount }
      client.onClose { error in
        log.add("client \(error == nil)")
        if log.value.count == 3 { reactor.stop() }
      }
    }
    loop.run()
    #expect(asked.value == Self.body.count)
    #expect(answered.value == Self.body.count)
    #expect(log.value.first == "asked")
    #expect(Set(log.value) == ["asked", "server true", "client true"])
  }

  @Test("end where nobody asks for the end of input, after all that was written", arguments: LoopKind.allCases)
  func closeByItself(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let received = Box(0)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.write(Self.body)
      server.onBytes { _ in }
    }
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client in
      client.endOutput()
      // The end of its output has been noticed by then.
      reactor.callSoon { reactor.callSoon { client.onBytes { received.value += $0.byteCount } } }
      client.onClose { error in
        log.add("closed \(error == nil)")
        reactor.stop()
      }
    }
    loop.run()
    #expect(received.value == Self.body.count)
    #expect(log.value == ["closed true"])
  }

  @Test("tell of the end of input once, whatever the handler throws", arguments: LoopKind.allCases)
  func endThrows(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onBytes { _ in }
      server.onEnd {
        log.add("end")
        reactor.callSoon { reactor.callSoon { server.close() } }
        throw Oops.first
      }
    }
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client in
      client.onBytes { _ in }
      client.onClose { _ in reactor.stop() }
      client.endOutput()
      client.endOutput()
    }
    loop.run()
    #expect(log.value == ["end"])
    #expect(loop.failures.value == ["first"])
  }
}
