/// The other end of a connection.
///
/// ```swift
/// try reactor.listen(host: "127.0.0.1", port: 0) { connection in
///   if case .address(let address) = connection.peer { print("from port", address.port) }
/// }
/// ```
public enum Peer: Hashable, Sendable {
  /// A socket with an address.
  case address(SocketAddress)
  /// A Unix socket's client, which has no address of its own: the one that it called.
  case caller(of: SocketAddress)
  /// A child process, by what the pipe is to it: `input of sort`.
  case child(String)
}

extension Peer: CustomStringConvertible {
  /// `127.0.0.1:80`, `a caller of /run/talk.sock`, `input of sort`.
  public var description: String {
    switch self {
    case .address(let address): "\(address)"
    case .caller(let address): "a caller of \(address)"
    case .child(let pipe): pipe
    }
  }
}
