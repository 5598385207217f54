import Reactor
import Testing

/// Two connections are ready in one tick, and the callback of the first decides about the second.
@Suite("Of two connections that are ready together the second") struct ReadyTogetherTests {
  private let log = Box<[String]>([])

  /// Runs a loop in which two clients have sent before the server looks; the first to be heard does `decide` with the other.
  private func run(
    _ kind: LoopKind, _ onConnection: @escaping (Connection) -> Void = { _ in },
    _ decide: @escaping (Connection, Reactor) -> Void
  ) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let connections = Box<[Connection]>([])
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { connection in
      connections.value.append(connection)
      onConnection(connection)
      connection.onBytes { [unowned connection] bytes in
        log.add("\(bytes.byteCount) bytes")
        if log.value.count > 1 { return reactor.stop() }
        decide(connections.value[connections.value[0] === connection ? 1 : 0], reactor)
      }
    }
    let clients = try (0..<2).map { _ in try BlockingClient(port: listener.port) }
    for client in clients { client.send("hello") }
    loop.run()
    #expect(connections.value.count == 2)
    connections.value = []
  }

  @Test("is not heard while it is paused, and then of all", arguments: LoopKind.allCases)
  func pause(kind: LoopKind) throws {
    try run(kind) { other, reactor in
      other.pause()
      // The first entry runs in this tick, the second one in the next.
      reactor.callSoon {
        reactor.callSoon {
          log.add("resumed")
          other.resume()
          other.reactor.callLater(.milliseconds(50)) { reactor.stop() }
        }
      }
    }
    #expect(log.value == ["5 bytes", "resumed", "5 bytes"])
  }

  @Test("is not heard once it is closed, though it still has to send", arguments: LoopKind.allCases)
  func close(kind: LoopKind) throws {
    try run(kind) {
      $0.write([UInt8](repeating: 0, count: 16 << 20))
      #expect($0.bufferedBytes > 0)
    } _: { other, reactor in
      other.close()
      #expect(other.bufferedBytes > 0)
      reactor.callSoon { reactor.callSoon { reactor.stop() } }
    }
    #expect(log.value == ["5 bytes"])
  }
}
