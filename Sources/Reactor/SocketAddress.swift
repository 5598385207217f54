import CLinux
import Glibc

/// An address and a port, as the kernel holds them.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  private enum Host: Hashable {
    case v4(UInt32)
    case v6(UInt64, UInt64, scope: UInt32)
  }
  private let host: Host
  /// The port, 0 where the kernel is to choose.
  public let port: UInt16

  /// Takes `127.0.0.1`, `::1` and their like, and `localhost` for `127.0.0.1`; names are not looked up, because that blocks.
  ///
  /// Throws `unusableHost`.
  public init(host: String, port: UInt16) throws(ReactorError) {
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &v4) == 1 {
      self.host = .v4(v4.s_addr)
    } else if inet_pton(AF_INET6, host, &v6) == 1 {
      self.host = Self.host(v6, scope: 0)
    } else {
      throw .unusableHost(host)
    }
    self.port = port
  }

  /// From what the kernel filled in; `nil` for a family other than IPv4 and IPv6.
  init?(_ storage: sockaddr_storage) {
    let known = withUnsafeBytes(of: storage) { bytes -> (Host, UInt16)? in
      switch Int32(storage.ss_family) {
      case AF_INET:
        let raw = bytes.loadUnaligned(as: sockaddr_in.self)
        return (.v4(raw.sin_addr.s_addr), UInt16(bigEndian: raw.sin_port))
      case AF_INET6:
        let raw = bytes.loadUnaligned(as: sockaddr_in6.self)
        return (Self.host(raw.sin6_addr, scope: raw.sin6_scope_id), UInt16(bigEndian: raw.sin6_port))
      default: return nil
      }
    }
    guard let (host, port) = known else { return nil }
    self.host = host
    self.port = port
  }

  /// The address that a socket is bound to.
  init?(boundTo descriptor: Int32) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let failed = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard failed == 0 else { return nil }
    self.init(storage)
  }

  /// `127.0.0.1:80`, `[::1]:80`.
  public var description: String {
    switch host {
    case .v4(let raw):
      return "\(Self.text(of: in_addr(s_addr: raw), AF_INET)):\(port)"
    case .v6(let first, let second, _):
      var address = in6_addr()
      withUnsafeMutableBytes(of: &address) {
        $0.storeBytes(of: first, as: UInt64.self)
        $0.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
      }
      return "[\(Self.text(of: address, AF_INET6))]:\(port)"
    }
  }

  var family: Int32 {
    if case .v4 = host { AF_INET } else { AF_INET6 }
  }

  func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    switch host {
    case .v4(let address):
      var raw = sockaddr_in()
      raw.sin_family = sa_family_t(AF_INET)
      raw.sin_port = port.bigEndian
      raw.sin_addr.s_addr = address
      return Self.withPointer(to: raw, body)
    case .v6(let first, let second, let scope):
      var raw = sockaddr_in6()
      raw.sin6_family = sa_family_t(AF_INET6)
      raw.sin6_port = port.bigEndian
      raw.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &raw.sin6_addr) {
        $0.storeBytes(of: first, as: UInt64.self)
        $0.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
      }
      return Self.withPointer(to: raw, body)
    }
  }

  private static func withPointer<Raw, R>(to raw: Raw, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    withUnsafePointer(to: raw) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Raw>.size)) }
    }
  }

  private static func host(_ address: in6_addr, scope: UInt32) -> Host {
    withUnsafeBytes(of: address) {
      .v6(
        $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self), scope: scope)
    }
  }

  private static func text<Raw>(of raw: Raw, _ family: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
      _ = withUnsafePointer(to: raw) { inet_ntop(family, $0, buffer.baseAddress!, socklen_t(buffer.count)) }
      return String(cString: buffer.baseAddress!)
    }
  }
}
