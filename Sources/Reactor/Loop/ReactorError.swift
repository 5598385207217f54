import Glibc

/// What the reactor's own calls fail with.
///
/// ```swift
/// reactor.connect(host: "127.0.0.1", port: 1).addErrback { error in
///   guard case ReactorError.failed(.connect, _, errno: ECONNREFUSED) = error else { throw error }
///   print("nobody listens there")
///   throw CancellationError()
/// }
/// ```
public enum ReactorError: Error, Hashable, Sendable {
  /// A system call failed: which, about what address if any, and with which `errno`.
  case failed(SystemCall, at: String?, errno: Int32)
  /// The host is no numeric address and not `localhost`.
  case unusableHost(String)
  /// No Unix socket can have this name: it is empty, longer than 107 bytes, or has a zero byte in it.
  case unusablePath(String)
  /// The host's name leads to no address; `code` is one of getaddrinfo's `EAI_…`.
  case unresolved(host: String, code: Int32)
  /// So many calls wait for a thread of the pool already, which is all that may.
  case poolFull(Int)
  /// A handler for this signal stands already, of this or another reactor of the process.
  case signalTaken(Int32)
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
    /// Looking up the addresses of a host.
    case resolve = "getaddrinfo"
    /// Making a descriptor for signals.
    case signalfd
    /// Making a pipe to a child process.
    case pipe
    /// Opening the folder that a child process is to work in, or its /dev/null.
    case open
    /// Starting a child process: the program cannot be executed, or the system has no room for one more process.
    case spawn = "posix_spawn"
    /// Making a descriptor for a child process.
    case pidfdOpen = "pidfd_open"
    /// Asking how a child process ended.
    case wait = "waitid"
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
    case .unusablePath(let path): "\"\(path)\" is no name for a Unix socket: 1 to 107 bytes, none of them zero"
    case .unresolved(let host, let code): "resolve \"\(host)\": \(String(cString: gai_strerror(code)))"
    case .poolFull(let count): "the thread pool's queue is full: \(count) calls wait"
    case .signalTaken(let signal): "signal \(signal) (\(String(cString: strsignal(signal)))) has a handler already"
    case .ended: "the reactor has ended"
    }
  }
}
