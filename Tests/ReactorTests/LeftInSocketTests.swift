import Reactor
import Testing

/// The poll tells of what comes, and not again of what one read has left.
@Suite("What one read leaves in the socket") struct LeftInSocketTests {
  /// What a server has of a client that has done all that it does before the server looks, and how that ended.
  private func read(
    _ kind: LoopKind, _ client: (BlockingClient) -> Void, _ onConnection: @escaping (Connection) -> Void = { _ in }
  ) throws -> (bytes: [UInt8], end: String?) {
    let loop = try LoopUnderTest(kind)
    var (bytes, end): ([UInt8], String?) = ([], nil)
    let listener = try loop.reactor.listen(host: "127.0.0.1", port: 0) { connection in
      connection.onData { bytes += $0 }
      connection.onClose { error in
        end = error?.description ?? "in good order"
        loop.reactor.stop()
      }
      onConnection(connection)
    }
    let peer = try BlockingClient(port: listener.port)
    client(peer)
    loop.run()
    return (bytes, end)
  }

  @Test(arguments: LoopKind.allCases) func isTheEndThatCameWithTheLastBytes(_ kind: LoopKind) throws {
    let had = try read(kind) { client in
      client.send("all")
      client.end()
    }
    #expect(had == (Array("all".utf8), "in good order"))
  }

  @Test(arguments: LoopKind.allCases) func isMoreThanTheBufferHolds(_ kind: LoopKind) throws {
    let had = try read(kind) { client in
      client.send(Self.long)
      client.end()
    }
    #expect(had == (Array(Self.long.utf8), "in good order"))
  }

  @Test(arguments: LoopKind.allCases) func isWhatStandsBehindAnUrgentByte(_ kind: LoopKind) throws {
    let had = try read(kind) { client in
      client.send("before ")
      client.sendUrgently("!")
      client.send("behind")
    } _: { connection in
      // No end comes to help.
      connection.reactor.callSoon { connection.reactor.callSoon { connection.reactor.callSoon { connection.close() } } }
    }
    #expect(had == (Array("before behind".utf8), "in good order"))
  }

  @Test(arguments: LoopKind.allCases) func isReadOnceReadingGoesOn(_ kind: LoopKind) throws {
    let had = try read(kind) { client in
      client.send(Self.long)
      client.end()
    } _: { connection in
      connection.pause()
      connection.reactor.callSoon {
        connection.resume()
        connection.pause()
        connection.reactor.callSoon { connection.resume() }
      }
    }
    #expect(had == (Array(Self.long.utf8), "in good order"))
  }

  /// Three times what is read at once, and some.
  private static let long = String(repeating: "0123456789abcde\n", count: 3 * (4 << 10) + 1)
}
