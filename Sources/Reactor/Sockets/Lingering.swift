import Glibc
import Trace

/// What is left of a socket that was closed here, until the peer has ended its direction too; two seconds at most.
///
/// Input that nobody reads makes the kernel reset a connection that is closed, and the reset may overtake what was sent last, or
/// hit a peer that would read that only when it has sent all of its own. So what still comes is read and thrown away.
final class Lingering: Watcher {
  private let reactor: Reactor
  private let descriptor: Int32
  private let peer: Peer
  private var isOld = false

  /// Between one and two of these are what a peer has: one timer for all costs a close next to nothing.
  private static let period = Nanoseconds.seconds(1)

  private init(_ reactor: Reactor, _ descriptor: Int32, _ peer: Peer) {
    self.reactor = reactor
    self.descriptor = descriptor
    self.peer = peer
  }

  /// Takes over a socket that nobody watches and with nothing left to send.
  static func close(_ descriptor: Int32, _ peer: Peer, _ reactor: Reactor) {
    let lingering = Lingering(reactor, descriptor, peer)
    if shutdown(descriptor, Int32(SHUT_WR)) != 0 || !lingering.mayReadMore() || !lingering.start() {
      Glibc.close(descriptor)
    }
  }

  private func start() -> Bool {
    do throws(ReactorError) {
      try reactor.watch(self, descriptor, .read)
    } catch {
      return false
    }
    if reactor.recorder.isOn { reactor.recorder.watched(descriptor, "closing \(peer)") }
    reactor.lingering.count += 1
    if reactor.lingering.timer == nil {
      reactor.lingering.timer = reactor.callEvery(Self.period, function: "close()") { [unowned reactor] in
        reactor.sweepLingering()
      }
    }
    return true
  }

  /// Throws away what there is, at most a buffer full; `false` at the end.
  private func mayReadMore() -> Bool {
    let count = recv(descriptor, reactor.receiveBuffer.baseAddress, reactor.receiveBuffer.count, 0)
    return count > 0 || count < 0 && (errno == EAGAIN || errno == EINTR)
  }

  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool {
    if !mayReadMore() { end() }
    return false
  }

  func reactorEnded() { release() }

  /// Gives it up the second time.
  fileprivate func age() {
    if isOld { end() }
    isOld = true
  }

  private func end() {
    reactor.unwatch(descriptor)
    release()
    reactor.shuttingDown?.endIfDone()
  }

  private func release() {
    Glibc.close(descriptor)
    reactor.recorder.unwatched(descriptor)
    reactor.lingering.count -= 1
  }
}

/// The sockets of a reactor that linger.
struct LingeringSockets {
  var count = 0
  /// There while any linger, and until it has found none.
  var timer: Timer?
}

extension Reactor {
  fileprivate func sweepLingering() {
    for socket in descriptors.all(Lingering.self) { socket.age() }
    if lingering.count > 0 { return }
    lingering.timer?.cancel()
    lingering.timer = nil
  }
}
