import Glibc
import Reactor

/// A port of 127.0.0.1 that refuses whoever calls: it is bound, so that nobody else gets it, and not listened on.
final class RefusingPort {
  let address: SocketAddress
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var raw = sockaddr_in()
    raw.sin_family = sa_family_t(AF_INET)
    raw.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &raw) { [descriptor] in
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    precondition(isBound, "no port (errno \(errno))")
    address = try SocketAddress(host: "127.0.0.1", port: UInt16(bigEndian: raw.sin_port))
  }

  deinit { close(descriptor) }
}
