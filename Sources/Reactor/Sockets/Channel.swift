import CLinux
import Glibc

/// How bytes go through a descriptor that never blocks. No send raises SIGPIPE.
enum Channel {
  case socket, pipe

  enum Sent {
    /// So many bytes were taken: all, some, or none for want of room.
    case success(Int)
    /// An `errno`.
    case failure(Int32)
  }

  /// Receives at most what `buffer` holds; 0 at the end, negative with `errno` where there is nothing or it failed.
  @inline(__always)
  func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    switch self {
    case .socket: ll_receive(descriptor, buffer.baseAddress!, buffer.count)
    case .pipe: read(descriptor, buffer.baseAddress, buffer.count)
    }
  }

  /// Whether there is something to receive.
  func hasInput(_ descriptor: Int32) -> Bool {
    var count: Int32 = 0
    return ioctl(descriptor, UInt(FIONREAD), &count) == 0 && count > 0
  }

  /// Offers bytes once: what is left then waits for the poll.
  @inline(__always)
  func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Sent {
    while true {
      let taken =
        switch self {
        case .socket: ll_send(descriptor, bytes.baseAddress, bytes.count)
        case .pipe: ll_write_no_signal(descriptor, bytes.baseAddress!, bytes.count)
        }
      if taken >= 0 { return .success(taken) }
      if errno == EAGAIN { return .success(0) }
      if errno != EINTR { return .failure(errno) }
    }
  }
}
