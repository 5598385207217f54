import DequeModule
import Glibc

/// Bytes that wait for the kernel to have room, in the pieces in which they were written.
struct Output {
  private var pieces = Deque<[UInt8]>()
  /// How much of the first piece has been sent.
  private var sent = 0
  /// Bytes that wait.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: [UInt8]) {
    pieces.append(bytes)
    count += bytes.count
  }

  /// Sends as much as there is room for; returns the `errno` of a failure that is not for want of room.
  mutating func send(to descriptor: Int32) -> Int32? {
    while let first = pieces.first {
      // MSG_NOSIGNAL: a peer that went away is an error of this call, not a signal that ends the process.
      let taken = first.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if taken < 0 {
        if errno == EINTR { continue }
        return errno == EAGAIN ? nil : errno
      }
      count -= taken
      sent += taken
      if sent == first.count {
        pieces.removeFirst()
        sent = 0
      }
    }
    return nil
  }
}
