import Glibc
import Recorder
import Trace

extension Reactor {
  /// Listens on an address, and calls `onConnection` for each connection; that begins a chain.
  ///
  /// The kernel keeps at most `backlog` (and /proc/sys/net/core/somaxconn) callers waiting. Where the process has no
  /// descriptors left they wait too, and that is reported once as an unhandled failure. What `onConnection` throws is an
  /// unhandled failure. A Unix socket's file is made, in place of one that a killed process left behind, and removed at
  /// the listener's end.
  ///
  /// Throws `ReactorError`: the address is in use, or not ours to use.
  ///
  /// ```swift
  /// try reactor.listen(on: SocketAddress(abstract: "talk")) { connection in
  ///   connection.onBytes { connection.write($0) }
  /// }
  /// ```
  @discardableResult
  public func listen(
    on address: SocketAddress, backlog: Int32 = 1024, function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line, onConnection: @escaping (Connection) throws -> Void
  ) throws(ReactorError) -> Listener {
    try listen(address, backlog, CallSite(function, file, line), recorder.site(function, file, line)) {
      [unowned self] in try onConnection($0.connection(self))
    }
  }

  /// Listens for TCP connections, as `listen(on:)`: the host is a numeric address or `localhost`, port 0 lets the kernel
  /// choose.
  ///
  /// Throws `ReactorError`: the port is in use, the host is no address.
  ///
  /// ```swift
  /// let listener = try reactor.listen(host: "localhost", port: 0) { $0.write("hello") }
  /// reactor.connect(host: "localhost", port: listener.port).addCallback { $0.onData { print($0) } }
  /// ```
  @discardableResult
  public func listen(
    host: String, port: UInt16, backlog: Int32 = 1024, function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line, onConnection: @escaping (Connection) throws -> Void
  ) throws(ReactorError) -> Listener {
    try listen(
      on: SocketAddress(host: host, port: port), backlog: backlog, function: function, file: file, line: line,
      onConnection: onConnection)
  }

  func listen(
    _ wanted: SocketAddress, _ backlog: Int32, _ callSite: CallSite, _ site: RingSite,
    _ onAccept: @escaping (AcceptedSocket) throws -> Void
  ) throws(ReactorError) -> Listener {
    checkThread("listen")
    if hasEnded { throw .ended }
    let descriptor = try bind(wanted, backlog)
    let address = SocketAddress(boundTo: descriptor)!
    let operation = recorder.created(.listener, site, standing: true, descriptor: descriptor)
    let registration = Registration(callSite, site, recorder.chain, operation)
    let listener = Listener(self, descriptor, address, registration, onAccept)
    do {
      try watch(listener, descriptor, .read)
    } catch {
      close(descriptor)
      recorder.settled(operation, .failure)
      throw error
    }
    if recorder.isOn { recorder.watched(descriptor, "listening on \(address)") }
    return listener
  }

  private func bind(_ address: SocketAddress, _ backlog: Int32) throws(ReactorError) -> Int32 {
    let descriptor = try Socket.make(for: address)
    // A server that starts again must not wait for its predecessor's last connections to be forgotten.
    Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR, Int32(1))
    do throws(ReactorError) {
      try bind(descriptor, address)
      if Glibc.listen(descriptor, backlog) != 0 { throw .last(.listen, at: address) }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  private func bind(_ descriptor: Int32, _ address: SocketAddress) throws(ReactorError) {
    func code() -> Int32 { address.withPointer { Glibc.bind(descriptor, $0, $1) } == 0 ? 0 : errno }
    var failed = code()
    if failed == EADDRINUSE && SocketFile.removeStale(address) { failed = code() }
    if failed != 0 { throw .failed(.bind, at: address.description, errno: failed) }
  }
}
