import Glibc

/// What the reactor's own calls fail with.
public enum ReactorError: Error, Hashable, Sendable {
  /// A system call failed: which, about what address if any, and with which `errno`.
  case failed(SystemCall, at: String?, errno: Int32)
  /// The host is no numeric address and not `localhost`.
  case unusableHost(String)
  /// The reactor has ended, or ended before this could be done.
  case ended

  /// The system calls that a program hears of.
  public enum SystemCall: String, Sendable {
    /// Making an epoll descriptor.
    case epollCreate = "epoll_create1"
    /// Watching a descriptor.
    case epollControl = "epoll_ctl"
    /// Making the descriptor that other threads wake the loop with.
    case eventfd
    /// Starting a pool thread.
    case threadCreate = "pthread_create"
    /// Making a socket.
    case socket
    /// Giving a socket its address.
    case bind
    /// Listening.
    case listen
    /// Taking a connection.
    case accept
    /// Making a connection.
    case connect
    /// Receiving.
    case receive = "recv"
    /// Sending.
    case send
  }

  static func last(_ call: SystemCall, at address: SocketAddress? = nil) -> ReactorError {
    .failed(call, at: address?.description, errno: errno)
  }
}

extension ReactorError: CustomStringConvertible {
  /// One clause for a person, without a full stop.
  public var description: String {
    switch self {
    case .failed(let call, let address, let code):
      "\(call.rawValue)\(address.map { " \($0)" } ?? ""): \(String(cString: strerror(code))) (errno \(code))"
    case .unusableHost(let host): "\"\(host)\" is neither a numeric address nor localhost"
    case .ended: "the reactor has ended"
    }
  }
}
