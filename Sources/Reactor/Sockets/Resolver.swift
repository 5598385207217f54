import Glibc
import Trace

/// The system's own resolver (/etc/hosts, DNS), which blocks, and so has threads for itself.
enum Resolver {
  /// One name whose server does not answer must not hold all others up.
  static let threads = 2
  static let queue = 10_000

  /// Blocks, for as long as the system's time-outs for DNS allow.
  static func addresses(of host: String, port: UInt16) throws(ReactorError) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &first)
    if code == EAI_SYSTEM { throw .failed(.resolve, at: host, errno: errno) }
    if code != 0 { throw .unresolved(host: host, code: code) }
    defer { freeaddrinfo(first) }
    let found = sequence(first: first) { $0?.pointee.ai_next }.prefix { $0 != nil }
    let addresses = found.compactMap { entry in
      entry.flatMap { SocketAddress($0.pointee.ai_addr, length: $0.pointee.ai_addrlen, port: port) }
    }
    if addresses.isEmpty { throw .unresolved(host: host, code: EAI_NONAME) }
    return addresses
  }
}

extension Reactor {
  /// Looks a host's addresses up as the system does (/etc/hosts, DNS), without blocking; the best come first.
  ///
  /// The Deferred fails with `ReactorError.unresolved`, or `failed(.resolve, …)`. Cancelling does not wait for the answer.
  ///
  /// ```swift
  /// reactor.resolve(host: "localhost", port: 80).addCallback { addresses in
  ///   for address in addresses { print(address) }
  /// }
  /// ```
  public func resolve(
    host: String, port: UInt16, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<[SocketAddress]> {
    checkThread("resolve")
    return call(resolver, CallSite(function, file, line), recorder.site(function, file, line)) {
      try Resolver.addresses(of: host, port: port)
    }
  }
}
