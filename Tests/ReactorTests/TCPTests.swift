import Glibc
import Reactor
import ReactorTesting
import Testing
import Trace

@Suite("TCP", .serialized)
struct TCPTests {
  private let log = Box<[String]>([])

  /// Eight megabytes: more than the kernel takes at once, whatever it was told of buffers.
  private static let body: [UInt8] = {
    var bytes = Array(UInt8(0)...250)
    while bytes.count < 8 << 20 { bytes += bytes }
    return bytes
  }()

  @Test("echoes a large body through partial writes, each side holding the other back", arguments: LoopKind.allCases)
  func echo(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let received = Box<[UInt8]>([])
    let client = Box<Connection?>(nil)
    // The client reads nothing until the server has had to pause, because its own output was stuck.
    func read() {
      client.value?.onData { bytes in
        received.value += bytes
        if received.value.count == Self.body.count { client.value?.close() }
      }
    }
    let listener = try reactor.listen(host: "localhost", port: 0) { server in
      server.onData { bytes in
        server.write(bytes)
        if server.bufferedBytes > 256 << 10 {
          server.pause()
          if received.value.isEmpty { read() }
        }
      }
      server.onDrain { server.resume() }
      server.onClose { error in
        log.add("closed \(error.map(\.description) ?? "in good order")")
        reactor.stop()
      }
    }
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { connection in
      client.value = connection
      connection.write(Self.body)
      #expect(connection.bufferedBytes > 0)
      connection.onDrain { log.add("drained") }
    }
    loop.run()
    #expect(received.value == Self.body)
    #expect(log.value == ["drained", "closed in good order"])
    #expect(loop.failures.value == [])
  }

  @Test("sends everything that was written before it closes", arguments: LoopKind.allCases)
  func closeAfterFlush(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let received = Box(0)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.write(Self.body)
      server.write("the end")
      server.close()
      #expect(!server.isOpen)
      server.write("too late")
    }
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client in
      client.onData { received.value += $0.count }
      client.onClose { error in
        #expect(error == nil)
        reactor.stop()
      }
    }
    loop.run()
    #expect(received.value == Self.body.count + 7)
  }

  @Test("tells of a reset with what and whom", arguments: LoopKind.allCases)
  func reset(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onData { _ in server.abort() }
    }
    var failure: ReactorError?
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client in
      client.onData { _ in log.add("data") }
      client.onClose { error in
        failure = error
        reactor.stop()
      }
      client.write("hello")
    }
    loop.run()
    #expect(failure == .failed(.receive, at: "127.0.0.1:\(listener.port)", errno: ECONNRESET))
    #expect(log.value == [])
  }

  @Test("makes writing to a peer that is gone an error, not a signal", arguments: LoopKind.allCases)
  func brokenPipe(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      server.onData { _ in server.abort() }
    }
    var failure: ReactorError?
    reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { client in
      client.onClose { error in
        failure = error
        reactor.stop()
      }
      // Not read from, so only writing can find out.
      func write() {
        guard client.isOpen else { return }
        client.write("hello")
        reactor.callSoon { write() }
      }
      write()
    }
    loop.run()
    guard case .failed(.send, at: "127.0.0.1:\(listener.port)", let code) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(code == ECONNRESET || code == EPIPE)
  }

  @Test("refuses a port that is in use, and a host that is no address", arguments: LoopKind.allCases)
  func unusable(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { _ in }
    let address = "127.0.0.1:\(listener.port)"
    #expect(throws: ReactorError.failed(.bind, at: address, errno: EADDRINUSE)) {
      try reactor.listen(host: "127.0.0.1", port: listener.port) { _ in }
    }
    #expect(throws: ReactorError.unusableHost("example.com")) {
      try reactor.listen(host: "example.com", port: 80) { _ in }
    }
    #expect(
      ReactorError.failed(.bind, at: address, errno: EADDRINUSE).description
        == "bind \(address): Address already in use (errno 98)")
  }

  @Test("fails to connect where nobody listens, and to a host that there is not", arguments: LoopKind.allCases)
  func refused(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let refusing = try RefusingPort()
    reactor.connect(host: "no..where", port: 1).addErrback { error in
      log.add("\(error)")
      throw error
    }.addBoth { _ in reactor.connect(to: refusing.address) }
      .addBoth { result in
        if case .failure(let error as ReactorError) = result { log.add("\(error)") }
        reactor.stop()
      }
    loop.run()
    #expect(
      log.value == [
        "resolve \"no..where\": Name or service not known",
        "connect \(refusing.address): Connection refused (errno 111)",
      ])
  }

  @Test("gives a connection up that is cancelled before it stands", arguments: LoopKind.allCases)
  func cancelConnect(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { $0.onClose { _ in } }
    let connecting = reactor.connect(host: "127.0.0.1", port: listener.port)
    connecting.addBoth { log.add("\($0)") }
    connecting.cancel()
    listener.stop()
    listener.stop()
    #expect(!reactor.isWatching)
    loop.run(for: .milliseconds(1))
    #expect(log.value == ["failure(Swift.CancellationError())"])
  }

  @Test("closes a connection that nobody holds, and listens no more once stopped", arguments: LoopKind.allCases)
  func unheld(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = Box<Listener?>(nil)
    listener.value = try reactor.listen(host: "127.0.0.1", port: 0) { server in
      log.add("accepted")
      listener.value?.stop()
    }
    reactor.connect(host: "127.0.0.1", port: listener.value!.port).addCallback { client in
      client.onData { _ in }
      client.onClose { error in
        log.add("closed \(error == nil)")
        // Also where it has ended before.
        client.onClose { _ in
          log.add("again")
          reactor.stop()
        }
      }
    }
    loop.run()
    #expect(log.value == ["accepted", "closed true", "again"])
  }

  @Test("lets callers wait while the process has no descriptors left, and says so once")
  func noDescriptors() async {
    await #expect(processExitsWith: .success) {
      let virtual = try VirtualReactor(recording: .off)
      let failures = Box<[String]>([])
      virtual.reactor.onUnhandledFailure = { failures.add("\($0.error)") }
      let accepted = Box<[Connection]>([])
      let listener = try virtual.reactor.listen(host: "127.0.0.1", port: 0) { accepted.value.append($0) }
      let clients = Box<[Connection]>([])
      for _ in 0..<3 {
        virtual.reactor.connect(host: "127.0.0.1", port: listener.port).addCallback { clients.value.append($0) }
      }
      var before = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
      var none = rlimit(rlim_cur: 3, rlim_max: before.rlim_max)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
      // Would not return from here if the listener were reported again and again.
      virtual.settle()
      virtual.advance(by: .milliseconds(350))
      // Whoever asks for one is told.
      virtual.reactor.connect(to: listener.address).addBoth { result in
        if case .failure(let error) = result { failures.add("\(error)") }
      }
      #expect(throws: ReactorError.failed(.open, at: "/dev/null", errno: EMFILE)) { try virtual.reactor.spawn("true") }
      #expect(clients.value.count == 3)
      #expect(accepted.value.count == 0)
      let words = "\(listener.address): Too many open files (errno 24)"
      #expect(failures.value == ["accept \(words)", "socket \(words)"])
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
      virtual.advance(by: .milliseconds(100))
      #expect(accepted.value.count == 3)
    }
  }

  @Test("knows numeric addresses and localhost")
  func addresses() throws {
    #expect(try SocketAddress(host: "localhost", port: 1).description == "127.0.0.1:1")
    #expect(try SocketAddress(host: "10.0.0.255", port: 65_535).description == "10.0.0.255:65535")
    #expect(try SocketAddress(host: "2001:db8::1", port: 80).description == "[2001:db8::1]:80")
    for host in ["", "127.0.0.1:80", "1.2.3", "[::1]", "localhost."] {
      #expect(throws: ReactorError.unusableHost(host)) { try SocketAddress(host: host, port: 1) }
    }
  }
}
