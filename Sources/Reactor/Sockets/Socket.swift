import CLinux
import Glibc

/// A stream socket that never blocks; the one place for what the sockets of listeners and connections have in common.
enum Socket {
  /// A new one, for addresses of this sort.
  static func make(for address: SocketAddress) throws(ReactorError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.family, type, 0)
    if descriptor < 0 { throw .last(.socket, at: address) }
    // What a listener accepts has it from the listener.
    if address.family != AF_UNIX { set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1)) }
    return descriptor
  }

  static func set<Value>(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Value) {
    _ = withUnsafePointer(to: value) {
      setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<Value>.size))
    }
  }

  /// The error that is pending, 0 for none; asking clears it.
  static func takeError(_ descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }
}
