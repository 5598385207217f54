import Glibc
import Reactor

/// A client that has no part in any loop: what it did is done when its call returns.
final class BlockingClient {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let failed = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if failed != 0 { throw ReactorError.failed(.connect, at: nil, errno: errno) }
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
  }

  /// Sends a byte that overtakes what was sent before it.
  func sendUrgently(_ byte: String) {
    _ = Glibc.send(descriptor, byte, 1, Int32(MSG_OOB))
  }

  /// Whether the other side still takes what is sent. Sends a byte, and another one once the answer to that has come.
  var isHeard: Bool {
    for _ in 0..<2 {
      if Glibc.send(descriptor, "x", 1, Int32(MSG_NOSIGNAL)) < 0 { return false }
      usleep(1_000)
    }
    return true
  }

  /// Receives and forgets that much, and lets the other side work while there is nothing.
  func discard(_ count: Int, whileWaiting: () -> Void) {
    var left = count
    withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 1) { buffer in
      while left > 0 {
        let received = recv(descriptor, buffer.baseAddress, min(left, buffer.count), Int32(MSG_DONTWAIT))
        if received > 0 { left -= received } else { whileWaiting() }
      }
    }
  }

  /// Receives until the other side ends, and returns how much it was; below zero, an errno, where it did not end in good order.
  func receiveAll() -> Int {
    var count = 0
    return withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 1) { buffer in
      while true {
        let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if received == 0 { return count }
        if received < 0 { return -Int(errno) }
        count += received
      }
    }
  }

  func end() {
    shutdown(descriptor, Int32(SHUT_WR))
  }
}

/// A thread for a client that blocks, and what it comes back with.
final class ClientThread {
  private final class Start: Sendable {
    let body: @Sendable () -> Int
    let result = Monitor(0)
    init(_ body: @escaping @Sendable () -> Int) { self.body = body }
  }

  private let start: Start
  private var thread = pthread_t()

  init(_ body: @escaping () -> Int) {
    // Nobody else uses what it captures before `join`.
    nonisolated(unsafe) let body = body
    start = Start { body() }
    let failed = pthread_create(
      &thread, nil,
      { argument in
        let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        start.result.withLock { $0 = start.body() }
        return nil
      }, Unmanaged.passRetained(start).toOpaque())
    precondition(failed == 0, "no thread (errno \(failed))")
  }

  func join() -> Int {
    pthread_join(thread, nil)
    return start.result.withLock { $0 }
  }
}
