import Glibc
import Reactor
import Testing

@Suite("At the reactor's end") struct ReactorEndTests {
  /// Closes a connection when it is let go of, and opens something else under what may be the same number.
  private final class Closer {
    private let connection: Connection
    private let opened: Box<[Int32]>

    init(_ connection: Connection, _ opened: Box<[Int32]>) {
      self.connection = connection
      self.opened = opened
    }

    deinit {
      connection.close()
      opened.value.append(dup(STDERR_FILENO))
    }
  }

  @Test("what one handler lets go of may close another's connection", arguments: LoopKind.allCases)
  func closing(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let opened = Box<[Int32]>([])
    let closed = Box(0)
    let connections = Box<[Connection]>([])
    let listener = try loop.reactor.listen(host: "127.0.0.1", port: 0) { connection in
      connections.value.append(connection)
      guard connections.value.count == 2 else { return }
      let both = connections.value
      // Of the two one is first at the end, and has the other closed.
      for (one, other) in [(both[0], both[1]), (both[1], both[0])] {
        let closer = Closer(other, opened)
        one.onBytes { [closer] _ in withExtendedLifetime(closer) {} }
        one.onClose { _ in closed.value += 1 }
      }
      loop.reactor.stop()
    }
    let clients = try (0..<2).map { _ in try BlockingClient(port: listener.port) }
    loop.run()
    withExtendedLifetime(clients) {}
    #expect(connections.value.map(\.isOpen) == [false, false])
    #expect(closed.value == 0)
    #expect(opened.value.count == 2)
    for descriptor in opened.value { #expect(close(descriptor) == 0) }
    connections.value = []
  }
}
