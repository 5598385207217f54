import Glibc
import Synchronization

/// A connection that a listener took, on its way to the loop that is to have it; closed where it does not arrive.
final class AcceptedSocket: Sendable {
  let peer: Peer
  /// -1 once it was taken.
  private let descriptor: Atomic<Int32>

  init(_ descriptor: Int32, _ peer: Peer) {
    self.descriptor = Atomic(descriptor)
    self.peer = peer
  }

  deinit {
    let left = descriptor.load(ordering: .relaxed)
    if left >= 0 { close(left) }
  }

  /// On the loop that is to have it; once.
  func connection(_ reactor: Reactor) -> Connection {
    Connection(reactor, .socket, descriptor.exchange(-1, ordering: .relaxed), peer)
  }
}
