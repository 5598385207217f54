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

    /// By the kernel's answer.
    init(_ answer: Int) {
      switch Int32(clamping: -answer) {
      case ...0: self = .success(answer)
      case EAGAIN: self = .success(0)
      case let code: self = .failure(code)
      }
    }
  }

  /// Receives at most what `buffer` holds; 0 at the end, a negative `errno` where there is nothing or it failed.
  @inline(__always)
  func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    switch self {
    case .socket: ll_receive(descriptor, buffer.baseAddress!, buffer.count)
    case .pipe: ll_read(descriptor, buffer.baseAddress!, buffer.count)
    }
  }

  /// Whether there is something to receive.
  func hasInput(_ descriptor: Int32) -> Bool {
    var count: Int32 = 0
    return ioctl(descriptor, UInt(FIONREAD), &count) == 0 && count > 0
  }

  /// Offers bytes once: what is left then waits for the poll.
  func send(_ bytes: RawSpan, to descriptor: Int32) -> Sent { Sent(offer(bytes, to: descriptor)) }

  /// As `send`, with the kernel's own answer: how much it took, or a negative `errno`.
  @inline(__always)
  func offer(_ bytes: RawSpan, to descriptor: Int32) -> Int {
    bytes.withUnsafeBytes {
      while true {
        let answer =
          switch self {
          case .socket: ll_send(descriptor, $0.baseAddress, bytes.byteCount)
          case .pipe: ll_write_no_signal(descriptor, $0.baseAddress, bytes.byteCount)
          }
        if answer != -Int(EINTR) { return answer }
      }
    }
  }
}
