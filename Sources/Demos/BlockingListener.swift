import Glibc

/// A listening socket, and connections, of the sort that make their thread wait; half a minute at most.
final class BlockingListener: Sendable {
  let descriptor: Int32

  /// What a call failed with.
  struct Failure: Error, CustomStringConvertible {
    var call: String
    var code: Int32
    var description: String { "\(call): \(String(cString: strerror(code)))" }
  }

  /// On 127.0.0.1, at a port that the kernel chooses.
  init() throws(Failure) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
    // Connections that are accepted have it from here.
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(descriptor, 1_024) == 0 else { throw Failure(call: "listen", code: errno) }
  }

  /// That of the process which started this one.
  init(inherited descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  var port: UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Waits for a connection.
  func accept() throws(Failure) -> BlockingConnection {
    let accepted = Glibc.accept(descriptor, nil, nil)
    guard accepted >= 0 else { throw Failure(call: "accept", code: errno) }
    return BlockingConnection(accepted)
  }
}

/// One caller, who is heard to the end of a request and then answered.
final class BlockingConnection {
  private let descriptor: Int32
  init(_ descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  /// Waits for all of a request.
  func readRequest() throws(BlockingListener.Failure) -> Request {
    var reader = RequestReader()
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = recv(descriptor, &bytes, bytes.count, 0)
      guard count > 0 else { throw BlockingListener.Failure(call: "recv", code: count == 0 ? ECONNRESET : errno) }
      if let request = reader.add(Array(bytes[..<count])).first { return request }
    }
  }

  /// Waits until all of it is sent, or the caller is gone.
  func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
