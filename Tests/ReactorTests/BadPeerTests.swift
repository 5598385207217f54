import Glibc
import Reactor
import Testing
import Trace

@Suite("Bad peers", .serialized)
struct BadPeerTests {
  private let log = Box<[String]>([])

  @Test("that reset in the middle of a large write end their connection only", arguments: LoopKind.allCases)
  func resetInWrite(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.write([UInt8](repeating: 0, count: 16 << 20))
      #expect(server.isBackedUp)
      server.onDrain { log.add("drained") }
      server.onClose { error in
        if case .failed(_, at: "\(server.peer)", let code) = error { log.add("\(code == ECONNRESET || code == EPIPE)") }
        reactor.callSoon { reactor.stop() }
      }
    }
    reactor.connect(to: listener.address).addCallback { client in
      client.onBytes { _ in client.abort() }
    }
    loop.run()
    #expect(log.value == ["true"])
    #expect(loop.failures.value == [])
  }

  @Test("that reset are told apart from those that end, whatever is written meanwhile", arguments: LoopKind.allCases)
  func resetBeforeEmptyWrite(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let client = Box<Connection?>(nil)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onBytes { _ in
        client.value?.abort()
        server.write([])
        server.write("")
      }
      server.onClose { error in
        if case .failed(_, _, let code) = error { log.add("\(code == ECONNRESET)") } else { log.add("in good order") }
        reactor.stop()
      }
    }
    reactor.connect(to: listener.address).addCallback {
      client.value = $0
      $0.write("hello")
    }
    loop.run()
    #expect(log.value == ["true"])
  }

  @Test("that send a byte a second hold nobody up, and can be timed out", arguments: LoopKind.allCases)
  func byteByByte(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let second = kind == .virtual ? Nanoseconds.seconds(1) : .milliseconds(30)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      var request: [UInt8] = []
      let patience = reactor.callLater(Nanoseconds(second.count * 10)) {
        log.add("timed out after \(request.count < 20)")
        server.close()
      }
      server.onData { bytes in
        request += bytes
        if request.last != UInt8(ascii: "\n") { return }
        patience.cancel()
        server.write("answer to \(request.count) bytes")
        server.close()
      }
    }
    reactor.connect(to: listener.address).addCallback { slow in
      let drip = reactor.callEvery(second) { slow.write("x") }
      slow.onBytes { _ in }
      slow.onClose { _ in
        log.add("slow closed")
        drip.cancel()
        reactor.stop()
      }
    }
    reactor.connect(to: listener.address).addCallback { fast in
      fast.write("hello\n")
      fast.onData { log.add(String(decoding: $0, as: UTF8.self)) }
    }
    loop.drive(for: Nanoseconds(second.count * 40))
    #expect(log.value == ["answer to 6 bytes", "timed out after true", "slow closed"])
  }
}
