import Glibc
import Recorder
import Trace

/// A TCP connection being made.
private final class Connecting: Watcher {
  private let address: SocketAddress
  private let chain: RingChain
  private let deferred: Deferred<Connection>
  /// -1 once it was handed over or closed.
  private var descriptor: Int32

  init(_ descriptor: Int32, _ address: SocketAddress, _ deferred: Deferred<Connection>) {
    self.descriptor = descriptor
    self.address = address
    self.deferred = deferred
    chain = deferred.reactor.recorder.chain
  }

  func start(_ reactor: Reactor) throws(ReactorError) {
    let failed = address.withPointer { connect(descriptor, $0, $1) } != 0
    if failed && errno != EINPROGRESS { throw .last(.connect, at: address) }
    // Also where it is connected at once: the poll says so then, and there is one way to go on.
    try reactor.watch(self, descriptor, .write)
    if reactor.recorder.isOn { reactor.recorder.watched(descriptor, "connecting to \(address)") }
  }

  func ready(_ readiness: Readiness, _ reactor: Reactor) {
    let code = Socket.takeError(descriptor)
    let descriptor = leave(reactor)
    let registration = Registration(deferred.callSite, deferred.site, chain, deferred.operation)
    reactor.recorder.began(
      registration.site, .io, .poll, operation: registration.operation, chain: registration.chain)
    reactor.run(registration) {
      if code == 0 {
        deferred.callback(Connection(reactor, descriptor, address))
      } else {
        close(descriptor)
        deferred.errback(ReactorError.failed(.connect, at: address.description, errno: code))
      }
    }
  }

  func cancel(_ reactor: Reactor) {
    close(leave(reactor))
  }

  func reactorEnded() {
    close(descriptor)
    deferred.reactor.recorder.unwatched(descriptor)
    deferred.abandon()
  }

  private func leave(_ reactor: Reactor) -> Int32 {
    defer { descriptor = -1 }
    reactor.unwatch(descriptor)
    reactor.recorder.unwatched(descriptor)
    return descriptor
  }
}

extension Reactor {
  /// Makes a TCP connection; the Deferred fires with it once it stands, or fails with a `ReactorError`.
  ///
  /// The host is a numeric address or `localhost`. Cancelling gives the attempt up. The connection is closed when nobody
  /// takes it.
  public func connect(
    host: String, port: UInt16, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    checkThread("connect")
    let callSite = CallSite(function, file, line)
    let site = recorder.site(function, file, line)
    do throws(ReactorError) {
      let address = try SocketAddress(host: host, port: port)
      let descriptor = try Socket.make(for: address)
      return connect(descriptor, address, Deferred(self, .connect, callSite, site, descriptor: descriptor))
    } catch {
      let deferred = Deferred<Connection>(self, .connect, callSite, site, descriptor: nil)
      deferred.errback(error)
      return deferred
    }
  }

  private func connect(
    _ descriptor: Int32, _ address: SocketAddress, _ deferred: Deferred<Connection>
  ) -> Deferred<Connection> {
    let connecting = Connecting(descriptor, address, deferred)
    do throws(ReactorError) {
      try connecting.start(self)
      deferred.onCancel = { connecting.cancel($0.reactor) }
    } catch {
      close(descriptor)
      deferred.errback(error)
    }
    return deferred
  }
}
