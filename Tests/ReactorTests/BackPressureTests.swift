import Glibc
import Reactor
import Testing

@Suite("Back-pressure", .serialized)
struct BackPressureTests {
  private let log = Box<[String]>([])

  @Test("tells of the high and the low water, once for each crossing", arguments: LoopKind.allCases)
  func marks(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let client = Box<Connection?>(nil)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.waterMarks = (1 << 20)...(2 << 20)
      server.onHighWater {
        log.add("high, above \(server.bufferedBytes > 2 << 20), backed up \(server.isBackedUp)")
        // Later: the client's reading is what makes room.
        reactor.callSoon { client.value?.onBytes { _ in } }
      }
      server.onDrain {
        log.add("low, below \(server.bufferedBytes <= 1 << 20)")
        if log.value.count == 2 { fill() } else { reactor.stop() }
      }
      func fill() {
        while !server.isBackedUp { server.write([UInt8](repeating: 0, count: 16 << 10)) }
        server.write("more makes no difference")
      }
      fill()
    }
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client.value = $0 }
    loop.run()
    let high = "high, above true, backed up true"
    let low = "low, below true"
    #expect(log.value == [high, low, high, low])
  }

  @Test("goes through a relay, which never holds much of a large body", arguments: LoopKind.allCases)
  func forward(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let body = (0..<(6 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let received = Box<[UInt8]>([])
    let most = Box(0)
    let sink = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onBytes { bytes in bytes.withUnsafeBytes { received.value += $0 } }
      server.onClose { _ in reactor.stop() }
      // Slower than the source: reads in every other tick.
      reactor.callEvery(.microseconds(50)) { server.resume() }
      server.pause()
    }
    let relay = try reactor.listen(host: "127.0.0.1", port: 0) { inner in
      inner.pause()
      reactor.connect(host: "127.0.0.1", port: sink.port).addCallback { outer in
        inner.forward(to: outer)
        inner.resume()
        outer.waterMarks = 0...1000
        reactor.callEvery(.microseconds(20)) { most.value = max(most.value, outer.bufferedBytes) }
      }
    }
    reactor.connect(host: "127.0.0.1", port: relay.port).addCallback { source in
      source.write(body)
      source.endOutput()
      source.onBytes { _ in }
    }
    loop.run(for: .seconds(kind == .virtual ? 1 : 20))
    #expect(received.value == body)
    #expect(most.value <= 1000 + (64 << 10))
  }
}
