import CLinux
import Glibc
import Recorder
import Trace

/// A listening socket; it listens until it is stopped, whether or not anybody holds it.
///
/// ```swift
/// let listener = try reactor.listen(host: "127.0.0.1", port: 0) { $0.write("hello") }
/// print("listening on", listener.address)
/// reactor.callLater(.seconds(60)) { listener.stop() }
/// ```
public final class Listener {
  /// What it listens on; the port is the kernel's choice where 0 was asked for.
  public let address: SocketAddress
  private let reactor: Reactor
  private let registration: Registration
  /// Of a Unix socket that stands in the file system.
  private let file: SocketFile?
  /// -1 once it stopped.
  private var descriptor: Int32
  private var onAccept: ((AcceptedSocket) throws -> Void)?
  /// Set while the process has no descriptors left.
  private var resumption: Timer?
  private var hasReportedFailure = false

  /// Connections taken in one tick; the kernel keeps the others until the next.
  private static let acceptLimit = 64
  /// How long to wait before trying again when the process or the system has no descriptors or memory left.
  private static let pause = Nanoseconds.milliseconds(100)

  init(
    _ reactor: Reactor, _ descriptor: Int32, _ address: SocketAddress, _ registration: Registration,
    _ onAccept: @escaping (AcceptedSocket) throws -> Void
  ) {
    self.reactor = reactor
    self.descriptor = descriptor
    self.address = address
    self.registration = registration
    self.onAccept = onAccept
    file = address.path.flatMap(SocketFile.init)
  }

  /// The port that it listens on; 0 for a Unix socket.
  public var port: UInt16 { address.port }

  /// Takes no more connections; those that were taken live on. A Unix socket's file is removed. Does nothing the second
  /// time.
  public func stop() {
    reactor.checkThread("Listener.stop")
    guard descriptor >= 0 else { return }
    reactor.unwatch(descriptor)
    release()
  }

  private func release() {
    // Before closing: nobody may find a file that leads nowhere.
    file?.remove()
    close(descriptor)
    reactor.recorder.unwatched(descriptor)
    reactor.recorder.settled(registration.operation, .cancelled)
    descriptor = -1
    onAccept = nil
    resumption?.cancel()
  }

  private func accept() -> Int32 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let accepted = ll_accept_from(descriptor, &storage, &length)
    if accepted < 0 { return errno }
    let peer = SocketAddress(storage, length: length).map(Peer.address) ?? .caller(of: address)
    hasReportedFailure = false
    reactor.recorder.beganChain(registration.site, .io, .poll, operation: registration.operation)
    reactor.run(registration) { try onAccept?(AcceptedSocket(accepted, peer)) }
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
  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool {
    for _ in 0..<Listener.acceptLimit where descriptor >= 0 {
      switch accept() {
      case 0, ECONNABORTED, EINTR: continue
      case EAGAIN: return false
      case let code:
        pause(code)
        return false
      }
    }
    return true
  }

  func reactorEnded() {
    release()
  }
}
