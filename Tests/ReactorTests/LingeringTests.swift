import Glibc
import Reactor
import Testing
import Trace

@Suite("Closing with unread input", .serialized)
struct LingeringTests {
  private static let tooMuch = String(repeating: "x", count: 4 << 20)

  @Test("lets the peer have the last words, and an end in good order", arguments: LoopKind.allCases)
  func lastWords(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let calls = Box(0)
    let ends = Box<[ReactorError?]>([])
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onBytes { _ in
        calls.value += 1
        server.write("too much")
        server.close()
      }
      server.onClose { error in
        ends.value.append(error)
        reactor.stop()
      }
    }
    let client = try BlockingClient(port: listener.port)
    let thread = ClientThread {
      client.send(Self.tooMuch)
      let received = client.receiveAll()
      client.end()
      return received
    }
    loop.run()
    #expect(thread.join() == 8)
    #expect(calls.value == 1)
    #expect(ends.value == [nil])
  }

  @Test("waits for the peer's end two seconds at most, and an abort does not wait", arguments: [false, true])
  func patience(aborts: Bool) throws {
    let loop = try Unrecorded()
    let reactor = loop.reactor
    let server = Box<Connection?>(nil)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server.value = $0 }
    let client = try BlockingClient(port: listener.port)
    client.send("hello")
    #expect(loop.virtual.run(until: { server.value != nil }))
    server.value?.onClose { error in #expect(error == nil) }
    if aborts { server.value?.abort() } else { server.value?.close() }
    loop.virtual.settle()
    if !aborts {
      #expect(client.receiveAll() == 0)
      loop.virtual.advance(by: .milliseconds(999))
      #expect(client.isHeard)
      loop.virtual.advance(by: .milliseconds(1_001))
    }
    #expect(!client.isHeard)
  }

  @Test("is waited for by a shutdown", arguments: LoopKind.allCases)
  func shutDown(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let isClean = Box<Bool?>(nil)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onBytes { _ in
        server.write("too much")
        reactor.shutDown(within: .seconds(20)).addCallback { isClean.value = $0.isClean }
      }
    }
    let client = try BlockingClient(port: listener.port)
    let thread = ClientThread {
      client.send(Self.tooMuch)
      let received = client.receiveAll()
      client.end()
      return received
    }
    loop.run()
    #expect(thread.join() == 8)
    #expect(isClean.value == true)
  }
}
