import Glibc
import Reactor
import Synchronization
import Testing
import Trace

@Suite("Connecting", .serialized)
struct ConnectTests {
  private let log = Box<[String]>([])

  @Test("gives up after the time-out, and says where", arguments: LoopKind.allCases)
  func timeout(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let silent = try SilentPort()
    let timeout = Nanoseconds.milliseconds(20)
    let start = loop.reactor.now
    loop.reactor.connect(to: silent.address, timeout: timeout).addErrback { error in
      log.add("\(error)")
      #expect(loop.reactor.now - start >= timeout)
      throw CancellationError()
    }
    loop.run(for: .milliseconds(200))
    #expect(log.value == ["connect \(silent.address): Connection timed out (errno 110)"])
    #expect(!loop.reactor.isWatching)
  }

  @Test("tries addresses in turn, each for its share of the time", arguments: LoopKind.allCases)
  func several(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let silent = try SilentPort()
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { _ in }
    let refusing = try SocketAddress(abstract: "looptop-test-nobody")
    reactor.connect(toFirstOf: [refusing, silent.address, listener.address, refusing], timeout: .milliseconds(300))
      .addCallback { log.add("\($0.peer)") }
    let allFail = reactor.connect(toFirstOf: [silent.address, refusing], timeout: .milliseconds(100))
    allFail.addBoth { if case .failure(let error) = $0 { log.add("\(error)") } }
    loop.run(for: .milliseconds(400))
    #expect(Set(log.value) == ["\(listener.address)", "connect \(refusing): Connection refused (errno 111)"])
  }

  @Test("looks names up without blocking, and beside a pool that is busy", arguments: LoopKind.allCases)
  func names(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind, threads: 1)
    let reactor = loop.reactor
    let gate = Mutex(false)
    _ = reactor.inThread { while !gate.withLock({ $0 }) { usleep(100) } }
    // A name that SocketAddress does not know, and /etc/hosts does.
    reactor.resolve(host: "LOCALHOST", port: 7)
      .addCallback { addresses in
        #expect(try addresses.contains(SocketAddress(host: "127.0.0.1", port: 7)))
        let listener = try reactor.listen(host: "127.0.0.1", port: 0) { _ in }
        return reactor.connect(host: "LOCALHOST", port: listener.port)
      }
      .addBoth { result in
        if case .success(let connection) = result { log.add("\(connection.isOpen)") }
        gate.withLock { $0 = true }
        reactor.stop()
      }
    loop.run()
    #expect(log.value == ["true"])
  }

  @Test("fails with the host's name where that leads nowhere", arguments: LoopKind.allCases)
  func unresolved(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let host = "no..such..host"
    reactor.resolve(host: host, port: 1).addErrback { error in
      #expect(error as? ReactorError == .unresolved(host: host, code: EAI_NONAME))
      log.add("\(error)")
      return []
    }.addCallback { _ in reactor.connect(host: host, port: 1) }.addBoth { result in
      if case .failure(let error) = result { log.add("\(error)") }
      reactor.stop()
    }
    loop.run()
    let text = "resolve \"no..such..host\": Name or service not known"
    #expect(log.value == [text, text])
  }

  @Test("cancelled while a name is looked up opens no connection", arguments: LoopKind.allCases)
  func cancelLookup(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { _ in log.add("connected") }
    let connecting = reactor.connect(host: "LOCALHOST", port: listener.port)
    connecting.addBoth { log.add("\($0)") }
    connecting.cancel()
    // Behind it in the resolver's threads: by then the first is over.
    reactor.resolve(host: "LOCALHOST", port: 1).addCallback { _ in
      reactor.callLater(.milliseconds(5)) { reactor.stop() }
    }
    if kind == .real { loop.run() } else { loop.run(for: .milliseconds(100)) }
    #expect(log.value == ["failure(Swift.CancellationError())"])
  }
}

/// A port at which the kernel answers no more: its queue of callers is full, and nobody accepts.
private final class SilentPort {
  let address: SocketAddress
  private let listening: Int32
  private var callers: [Int32] = []

  init() throws {
    let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listening = listening
    var raw = sockaddr_in()
    raw.sin_family = sa_family_t(AF_INET)
    raw.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    func withRaw(_ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
      withUnsafeMutablePointer(to: &raw) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
    }
    let isReady =
      withRaw { bind(listening, $0, length) } == 0 && listen(listening, 0) == 0
      && withRaw { getsockname(listening, $0, &length) } == 0
    precondition(isReady, "no port to be silent on (errno \(errno))")
    address = try SocketAddress(host: "127.0.0.1", port: UInt16(bigEndian: raw.sin_port))
    for _ in 0..<4 {
      let caller = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      _ = withRaw { connect(caller, $0, length) }
      callers.append(caller)
    }
  }

  deinit {
    for descriptor in callers + [listening] { close(descriptor) }
  }
}
