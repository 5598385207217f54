import CLinux
import Glibc

/// Where a socket is: an IP address and a port, or a name on this machine.
///
/// ```swift
/// let web = try SocketAddress(host: "127.0.0.1", port: 8080)
/// let local = try SocketAddress(path: "/run/user/1000/talk.sock")
/// try reactor.listen(on: web) { $0.write("hello from \(web), ask at \(local) too") }
/// ```
public struct SocketAddress: Hashable, Sendable {
  private enum Form: Hashable {
    case v4(UInt32, port: UInt16)
    case v6(UInt64, UInt64, scope: UInt32, port: UInt16)
    case path(String)
    case abstract(String)
  }
  private let form: Form

  /// Bytes of a Unix socket's name: the kernel's 108 less the zero at a path's end, or at an abstract name's beginning.
  private static let longestName = 107

  /// Takes `127.0.0.1`, `::1` and their like, and `localhost` for `127.0.0.1`; names are not looked up, because that
  /// blocks: see `Reactor.resolve`. Port 0 lets the kernel choose where it is listened on.
  ///
  /// Throws `unusableHost`.
  public init(host: String, port: UInt16) throws(ReactorError) {
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &v4) == 1 {
      form = .v4(v4.s_addr, port: port)
    } else if inet_pton(AF_INET6, host, &v6) == 1 {
      form = Self.form(v6, scope: 0, port)
    } else {
      throw .unusableHost(host)
    }
  }

  /// A Unix socket that stands in the file system at `path`, of 1 to 107 bytes.
  ///
  /// Throws `unusablePath`.
  public init(path: String) throws(ReactorError) {
    form = .path(try Self.checked(path))
  }

  /// A Unix socket of Linux' abstract names, of 1 to 107 bytes: it leaves no file behind, and no permission guards it.
  ///
  /// Throws `unusablePath`.
  public init(abstract name: String) throws(ReactorError) {
    form = .abstract(try Self.checked(name))
  }

  private static func checked(_ name: String) throws(ReactorError) -> String {
    if (1...longestName).contains(name.utf8.count), !name.utf8.contains(0) { return name }
    throw .unusablePath(name)
  }

  /// From what the kernel filled in, `length` bytes of it; `nil` for a socket without a name or of another family.
  init?(_ storage: sockaddr_storage, length: socklen_t) {
    let known = withUnsafeBytes(of: storage) { bytes -> Form? in
      switch Int32(storage.ss_family) {
      case AF_INET:
        let raw = bytes.loadUnaligned(as: sockaddr_in.self)
        return .v4(raw.sin_addr.s_addr, port: UInt16(bigEndian: raw.sin_port))
      case AF_INET6:
        let raw = bytes.loadUnaligned(as: sockaddr_in6.self)
        return Self.form(raw.sin6_addr, scope: raw.sin6_scope_id, UInt16(bigEndian: raw.sin6_port))
      case AF_UNIX:
        return Self.form(unixName: bytes[min(2, Int(length))..<min(Int(length), bytes.count)])
      default: return nil
      }
    }
    guard let known else { return nil }
    form = known
  }

  /// From what the resolver filled in.
  init?(_ address: UnsafePointer<sockaddr>, length: socklen_t, port: UInt16) {
    var storage = sockaddr_storage()
    guard Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
    let raw = UnsafeRawBufferPointer(start: address, count: Int(length))
    withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: raw) }
    guard let found = SocketAddress(storage, length: length) else { return nil }
    switch found.form {
    case .v4(let host, _): form = .v4(host, port: port)
    case .v6(let first, let second, let scope, _): form = .v6(first, second, scope: scope, port: port)
    case .path, .abstract: return nil
    }
  }

  /// The address that a socket is bound to.
  init?(boundTo descriptor: Int32) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let failed = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard failed == 0 else { return nil }
    self.init(storage, length: length)
  }

  /// The port; 0 where the kernel is to choose, and for a Unix socket.
  public var port: UInt16 {
    switch form {
    case .v4(_, let port), .v6(_, _, _, let port): port
    case .path, .abstract: 0
    }
  }

  /// Where in the file system it stands; `nil` for one that does not.
  public var path: String? {
    if case .path(let path) = form { path } else { nil }
  }

  // MARK: The kernel's form

  var family: Int32 {
    switch form {
    case .v4: AF_INET
    case .v6: AF_INET6
    case .path, .abstract: AF_UNIX
    }
  }

  func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    switch form {
    case .v4(let address, let port):
      var raw = sockaddr_in()
      raw.sin_family = sa_family_t(AF_INET)
      raw.sin_port = port.bigEndian
      raw.sin_addr.s_addr = address
      return Self.withPointer(to: raw, MemoryLayout<sockaddr_in>.size, body)
    case .v6(let first, let second, let scope, let port):
      var raw = sockaddr_in6()
      raw.sin6_family = sa_family_t(AF_INET6)
      raw.sin6_port = port.bigEndian
      raw.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &raw.sin6_addr) {
        $0.storeBytes(of: first, as: UInt64.self)
        $0.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
      }
      return Self.withPointer(to: raw, MemoryLayout<sockaddr_in6>.size, body)
    case .path(let path): return Self.withPointer(unixName: Array(path.utf8) + [0], body)
    case .abstract(let name): return Self.withPointer(unixName: [0] + Array(name.utf8), body)
    }
  }

  private static func withPointer<R>(
    unixName name: [UInt8], _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    var raw = sockaddr_un()
    raw.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &raw.sun_path) { $0.copyBytes(from: name) }
    return withPointer(to: raw, MemoryLayout<sa_family_t>.size + name.count, body)
  }

  private static func withPointer<Raw, R>(
    to raw: Raw, _ length: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    withUnsafePointer(to: raw) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
    }
  }

  private static func form(_ address: in6_addr, scope: UInt32, _ port: UInt16) -> Form {
    withUnsafeBytes(of: address) {
      .v6(
        $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self), scope: scope,
        port: port)
    }
  }

  private static func form(unixName name: Slice<UnsafeRawBufferPointer>) -> Form? {
    guard let first = name.first else { return nil }
    if first == 0 { return .abstract(String(decoding: name.dropFirst(), as: UTF8.self)) }
    return .path(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:80`, `[::1]:80`, `/run/talk.sock`, `@talk` for an abstract name.
  public var description: String {
    switch form {
    case .v4(let raw, let port):
      return "\(Self.text(of: in_addr(s_addr: raw), AF_INET)):\(port)"
    case .v6(let first, let second, _, let port):
      var address = in6_addr()
      withUnsafeMutableBytes(of: &address) {
        $0.storeBytes(of: first, as: UInt64.self)
        $0.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
      }
      return "[\(Self.text(of: address, AF_INET6))]:\(port)"
    case .path(let path): return path
    case .abstract(let name): return "@\(name)"
    }
  }

  private static func text<Raw>(of raw: Raw, _ family: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
      _ = withUnsafePointer(to: raw) { inet_ntop(family, $0, buffer.baseAddress!, socklen_t(buffer.count)) }
      return String(cString: buffer.baseAddress!)
    }
  }
}
