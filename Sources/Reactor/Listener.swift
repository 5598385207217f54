import CLinux
import Glibc
import Recorder
import Trace

/// A listening socket; it listens until it is stopped, whether or not anybody holds it.
public final class Listener {
  /// What it listens on; the port is the kernel's choice where 0 was asked for.
  public let address: SocketAddress
  private let reactor: Reactor
  private let registration: Registration
  /// -1 once it stopped.
  private var descriptor: Int32
  private var onConnection: ((Connection) throws -> Void)?
  /// Set while the process has no descriptors left.
  private var resumption: Timer?
  private var hasReportedFailure = false

  /// Connections taken in one tick; the kernel keeps the others until the next.
  private static let acceptLimit = 64
  /// How long to wait before trying again when the process or the system has no descriptors or memory left.
  private static let pause = Nanoseconds.milliseconds(100)

  fileprivate init(
    _ reactor: Reactor, _ descriptor: Int32, _ address: SocketAddress, _ registration: Registration,
    _ onConnection: @escaping (Connection) throws -> Void
  ) {
    self.reactor = reactor
    self.descriptor = descriptor
    self.address = address
    self.registration = registration
    self.onConnection = onConnection
  }

  /// The port that it listens on.
  public var port: UInt16 { address.port }

  /// Takes no more connections; those that were taken live on. Does nothing the second time.
  public func stop() {
    reactor.checkThread("Listener.stop")
    guard descriptor >= 0 else { return }
    reactor.unwatch(descriptor)
    release()
  }

  private func release() {
    close(descriptor)
    reactor.recorder.unwatched(descriptor)
    reactor.recorder.settled(registration.operation, .cancelled)
    descriptor = -1
    onConnection = nil
    resumption?.cancel()
  }

  private func accept() -> Int32 {
    var peer = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let accepted = ll_accept_from(descriptor, &peer, &length)
    if accepted < 0 { return errno }
    guard let address = SocketAddress(peer) else {
      close(accepted)
      return 0
    }
    hasReportedFailure = false
    reactor.recorder.beganChain(registration.site, .io, .poll, operation: registration.operation)
    reactor.run(registration) {
      let connection = Connection(reactor, accepted, address)
      try onConnection?(connection)
    }
    return 0
  }

  /// Lets the callers wait in the kernel's queue: level-triggered, the listener would otherwise be reported at once again.
  private func pause(_ code: Int32) {
    reactor.change(descriptor, [])
    resumption = reactor.callLater(Listener.pause) { [unowned self] in reactor.change(descriptor, .read) }
    if hasReportedFailure { return }
    hasReportedFailure = true
    reactor.report(ReactorError.failed(.accept, at: address.description, errno: code), registration)
  }
}

extension Listener: Watcher {
  func ready(_ readiness: Readiness, _ reactor: Reactor) {
    for _ in 0..<Listener.acceptLimit where descriptor >= 0 {
      switch accept() {
      case 0, ECONNABORTED, EINTR: continue
      case EAGAIN: return
      case let code: return pause(code)
      }
    }
  }

  func reactorEnded() {
    release()
  }
}

extension Reactor {
  /// Listens for TCP connections, and calls `onConnection` for each; that begins a chain.
  ///
  /// The host is a numeric address or `localhost`; port 0 lets the kernel choose. The kernel keeps at most `backlog` (and
  /// /proc/sys/net/core/somaxconn) callers waiting. Where the process has no descriptors left they wait too, and
  /// that is reported once as an unhandled failure. What `onConnection` throws is an unhandled failure.
  ///
  /// Throws `ReactorError`: the port is in use, the host is no address.
  @discardableResult
  public func listen(
    host: String, port: UInt16, backlog: Int32 = 1024, function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line, onConnection: @escaping (Connection) throws -> Void
  ) throws(ReactorError) -> Listener {
    checkThread("listen")
    let descriptor = try bind(SocketAddress(host: host, port: port), backlog)
    let address = SocketAddress(boundTo: descriptor)!
    let site = recorder.site(function, file, line)
    let operation = recorder.created(.listener, site, standing: true, descriptor: descriptor)
    let registration = Registration(CallSite(function, file, line), site, recorder.chain, operation)
    let listener = Listener(self, descriptor, address, registration, onConnection)
    do {
      try watch(listener, descriptor, .read)
    } catch {
      close(descriptor)
      recorder.settled(operation, .failure)
      throw error
    }
    if recorder.isOn { recorder.watched(descriptor, "listening on \(address)") }
    return listener
  }

  private func bind(_ address: SocketAddress, _ backlog: Int32) throws(ReactorError) -> Int32 {
    let descriptor = try Socket.make(for: address)
    // A server that starts again must not wait for its predecessor's last connections to be forgotten.
    Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR, Int32(1))
    var failure: ReactorError?
    if address.withPointer({ Glibc.bind(descriptor, $0, $1) }) != 0 {
      failure = .last(.bind, at: address)
    } else if Glibc.listen(descriptor, backlog) != 0 {
      failure = .last(.listen, at: address)
    }
    guard let failure else { return descriptor }
    close(descriptor)
    throw failure
  }
}
