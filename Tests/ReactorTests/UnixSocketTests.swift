import Glibc
import Reactor
import Testing
import Trace

@Suite("Unix sockets", .serialized)
struct UnixSocketTests {
  private let log = Box<[String]>([])
  private let folder = TemporaryFolder()
  private var path: String { folder.path + "/socket" }

  @Test("carry connections as TCP does, by path and by abstract name", arguments: LoopKind.allCases)
  func echo(kind: LoopKind) throws {
    let abstract = "looptop-test-\(getpid())-\(kind)"
    for address in try [SocketAddress(path: path), SocketAddress(abstract: abstract)] {
      let loop = try LoopUnderTest(kind)
      let reactor = loop.reactor
      let listener = try reactor.listen(on: address) { server in
        log.add("\(server.peer)")
        server.onBytes { server.write($0) }
        server.onClose { error in
          log.add("closed \(error == nil)")
          reactor.stop()
        }
      }
      #expect(listener.address == address)
      #expect(listener.port == 0)
      reactor.connect(to: address).addCallback { client in
        #expect(client.peer == .address(address))
        client.onData { bytes in
          log.add(String(decoding: bytes, as: UTF8.self))
          client.close()
        }
        client.write("hello")
      }
      loop.run()
      #expect(log.value == ["a caller of \(address)", "hello", "closed true"])
      log.value = []
    }
    #expect(!folder.exists("socket"))
  }

  @Test("take the place of a socket that a killed process left behind", arguments: LoopKind.allCases)
  func stale(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let address = try SocketAddress(path: path)
    leaveSocketBehind()
    #expect(folder.exists("socket"))
    let listener = try loop.reactor.listen(on: address) { _ in loop.reactor.stop() }
    let client = loop.reactor.connect(to: address)
    loop.run()
    #expect(!folder.exists("socket"))
    withExtendedLifetime((client, listener)) {}
  }

  @Test("do not take the place of one that somebody listens on, nor of another file", arguments: LoopKind.allCases)
  func inUse(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let address = try SocketAddress(path: path)
    let listener = try loop.reactor.listen(on: address) { _ in }
    let taken = ReactorError.failed(.bind, at: path, errno: EADDRINUSE)
    #expect(throws: taken) { try loop.reactor.listen(on: address) { _ in } }
    #expect(folder.exists("socket"))
    listener.stop()
    close(open(path, O_CREAT | O_WRONLY, 0o600))
    #expect(throws: taken) { try loop.reactor.listen(on: address) { _ in } }
    #expect(folder.exists("socket"))
  }

  @Test("leave alone what has taken their place", arguments: LoopKind.allCases)
  func replaced(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let listener = try loop.reactor.listen(on: SocketAddress(path: path)) { _ in }
    unlink(path)
    leaveSocketBehind()
    listener.stop()
    #expect(folder.exists("socket"))
  }

  @Test("fail to connect with what and where", arguments: LoopKind.allCases)
  func refused(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let address = try SocketAddress(path: path)
    reactor.connect(to: address).addErrback { error in
      log.add("\(error)")
      leaveSocketBehind()
      return reactor.connect(to: address)
    }.addBoth { result in
      if case .failure(let error) = result { log.add("\(error)") }
      reactor.stop()
    }
    loop.run()
    #expect(
      log.value == [
        "connect \(path): No such file or directory (errno 2)", "connect \(path): Connection refused (errno 111)",
      ])
  }

  @Test("have names of 1 to 107 bytes without a zero")
  func names() throws {
    let longest = String(repeating: "x", count: 107)
    #expect(try SocketAddress(path: longest).path == longest)
    #expect(try SocketAddress(abstract: "talk").description == "@talk")
    for name in ["", longest + "x", "a\0b"] {
      #expect(throws: ReactorError.unusablePath(name)) { try SocketAddress(path: name) }
      #expect(throws: ReactorError.unusablePath(name)) { try SocketAddress(abstract: name) }
    }
  }

  @Test("lose nothing of what a paused reader has not read when the writer closes", arguments: LoopKind.allCases)
  func pausedReader(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let address = try SocketAddress(path: path)
    let received = Box(0)
    try reactor.listen(on: address) { server in
      server.onBytes { bytes in
        received.value += bytes.byteCount
        server.pause()
        // More than one tick later: meanwhile the hang-up was reported, and must not be again and again.
        reactor.callLater(.milliseconds(2)) { server.resume() }
      }
      server.onClose { error in
        log.add("closed \(error == nil)")
        reactor.stop()
      }
    }
    reactor.connect(to: address).addCallback { client in
      client.write([UInt8](repeating: 1, count: 150_000))
      client.close()
    }
    // Virtual time is what the pauses wait for.
    loop.run(for: .milliseconds(500))
    #expect(received.value == 150_000)
    #expect(log.value == ["closed true"])
  }

  private func leaveSocketBehind() {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #expect(bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0)
      }
    }
    close(descriptor)
  }
}
