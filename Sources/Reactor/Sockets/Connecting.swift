import Glibc
import Recorder
import Trace

/// A connection being made: to the first of some addresses that answers, tried one after the other.
private final class Connecting: Watcher {
  private enum Stage {
    case over
    case lookingUp(Deferred<[SocketAddress]>)
    case trying(SocketAddress, descriptor: Int32)
  }

  private let deferred: Deferred<Connection>
  private let chain: RingChain
  private let deadline: Instant
  private var stage = Stage.over
  /// Those still to be tried.
  private var addresses: ArraySlice<SocketAddress> = []
  private var timer: Timer?
  private var reactor: Reactor { deferred.reactor }

  init(_ deferred: Deferred<Connection>, within timeout: Nanoseconds) {
    self.deferred = deferred
    chain = deferred.reactor.recorder.chain
    deadline = deferred.reactor.now.later(by: max(timeout, .zero))
    // Weak: this holds the Deferred, and the poll or the lookup this.
    deferred.onCancel = { [weak self] _ in self?.leave() }
  }

  /// Waits for the addresses of `host`, then tries them in turn.
  func start(
    _ lookup: Deferred<[SocketAddress]>, of host: String, function: StaticString, file: StaticString, line: UInt
  ) {
    stage = .lookingUp(lookup)
    reactor.lookingUp[ObjectIdentifier(self)] = deferred
    reactor.recorder.awaits(deferred.operation, on: lookup.operation)
    let timedOut = ReactorError.failed(.resolve, at: host, errno: ETIMEDOUT)
    setTimer(deadline) { $0.deferred.errback(timedOut) }
    lookup.addBoth(function: function, file: file, line: line) { result in
      guard case .lookingUp = self.stage else { return }
      self.leave()
      switch result {
      case .success(let found): self.start(found)
      case .failure(let error): self.deferred.errback(error)
      }
    }
  }

  /// Tries addresses, at least one, in turn.
  func start(_ addresses: [SocketAddress]) {
    self.addresses = addresses.dropFirst()
    attempt(addresses[0])
  }

  private func attempt(_ address: SocketAddress) {
    do throws(ReactorError) {
      attempt(address, try Socket.make(for: address))
    } catch {
      tryNext(after: error)
    }
  }

  /// Tries an address, for an equal share of the time that is left.
  func attempt(_ address: SocketAddress, _ descriptor: Int32) {
    do throws(ReactorError) {
      let failed = address.withPointer { connect(descriptor, $0, $1) } != 0
      if failed && errno != EINPROGRESS { throw .last(.connect, at: address) }
      // Also where it is connected at once: the poll says so then, and there is one way to go on.
      try reactor.watch(self, descriptor, .write)
    } catch {
      close(descriptor)
      return tryNext(after: error)
    }
    stage = .trying(address, descriptor: descriptor)
    if reactor.recorder.isOn { reactor.recorder.watched(descriptor, "connecting to \(address)") }
    let now = reactor.now
    let share = Nanoseconds((deadline - now).count / Int64(addresses.count + 1))
    let timedOut = ReactorError.failed(.connect, at: address.description, errno: ETIMEDOUT)
    setTimer(now + share) { $0.tryNext(after: timedOut) }
  }

  /// With no address left, the last one's failure is that of all.
  private func tryNext(after failure: ReactorError) {
    if let address = addresses.popFirst() { attempt(address) } else { deferred.errback(failure) }
  }

  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool {
    guard case .trying(let address, let descriptor) = stage else { return false }
    let code = Socket.takeError(descriptor)
    let registration = Registration(deferred.callSite, deferred.site, chain, deferred.operation)
    leave(closing: code != 0)
    reactor.recorder.began(
      registration.site, .io, .poll, operation: registration.operation, chain: registration.chain)
    reactor.run(registration) {
      if code == 0 {
        deferred.callback(Connection(reactor, .socket, descriptor, .address(address)))
      } else {
        tryNext(after: .failed(.connect, at: address.description, errno: code))
      }
    }
    return true
  }

  func reactorEnded() {
    if case .trying(_, let descriptor) = stage {
      close(descriptor)
      reactor.recorder.unwatched(descriptor)
    }
    deferred.abandon()
  }

  private func leave(closing: Bool = true) {
    timer?.cancel()
    timer = nil
    reactor.lookingUp[ObjectIdentifier(self)] = nil
    let left = stage
    stage = .over
    switch left {
    case .over: return
    case .lookingUp(let lookup): lookup.cancel()
    case .trying(_, let descriptor):
      reactor.unwatch(descriptor)
      reactor.recorder.unwatched(descriptor)
      if closing { close(descriptor) }
    }
  }

  private func setTimer(_ due: Instant, _ work: @escaping (Connecting) -> Void) {
    let delay = max(due - reactor.now, .zero)
    timer = reactor.set(delay, repeats: false, deferred.callSite, deferred.site) { [weak self] in
      guard let self else { return }
      leave()
      work(self)
    }
  }
}

extension Reactor {
  /// Makes a connection; the Deferred fires with it once it stands, or fails with a `ReactorError`: after `timeout` with
  /// `ETIMEDOUT`.
  ///
  /// Cancelling gives the attempt up. The connection is closed when nobody takes it. A Unix socket whose listener has
  /// all the callers waiting that it allows refuses at once, with `EAGAIN`.
  ///
  /// ```swift
  /// let address = try SocketAddress(path: "/run/talk.sock")
  /// reactor.connect(to: address, timeout: .seconds(1))
  ///   .addCallback { $0.write("hello") }
  ///   .addErrback { print("no talk:", $0) }
  /// ```
  public func connect(
    to address: SocketAddress, timeout: Nanoseconds = .seconds(30), function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    checkThread("connect")
    let callSite = CallSite(function, file, line)
    let site = recorder.site(function, file, line)
    do throws(ReactorError) {
      let descriptor = try Socket.make(for: address)
      let deferred = Deferred<Connection>(self, .connect, callSite, site, descriptor: descriptor)
      Connecting(deferred, within: timeout).attempt(address, descriptor)
      return deferred
    } catch {
      let deferred = Deferred<Connection>(self, .connect, callSite, site, descriptor: nil)
      deferred.errback(error)
      return deferred
    }
  }

  /// Makes a connection to the first of some addresses (at least one) that answers, as `connect(to:)`: they are tried in
  /// turn, and each may take an equal share of what is left of `timeout`. The last one's failure is that of all.
  ///
  /// ```swift
  /// reactor.resolve(host: "localhost", port: 80).addCallback { reactor.connect(toFirstOf: $0) }
  /// ```
  public func connect(
    toFirstOf addresses: [SocketAddress], timeout: Nanoseconds = .seconds(30), function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    if addresses.isEmpty { misuse("connect to the first of no addresses") }
    let deferred = Deferred<Connection>(
      self, .connect, CallSite(function, file, line), recorder.site(function, file, line), descriptor: nil)
    Connecting(deferred, within: timeout).start(addresses)
    return deferred
  }

  /// Makes a TCP connection, as `connect(to:)`; a host's name is looked up (see `resolve`), and its addresses are tried as
  /// `connect(toFirstOf:)` does. `timeout` is for all of that.
  ///
  /// ```swift
  /// reactor.connect(host: "example.org", port: 80).addCallback { connection in
  ///   connection.onData { print(String(decoding: $0, as: UTF8.self)) }
  ///   connection.write("GET / HTTP/1.0\r\nHost: example.org\r\n\r\n")
  /// }
  /// ```
  public func connect(
    host: String, port: UInt16, timeout: Nanoseconds = .seconds(30), function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    if let address = try? SocketAddress(host: host, port: port) {
      return connect(to: address, timeout: timeout, function: function, file: file, line: line)
    }
    let deferred = Deferred<Connection>(
      self, .connect, CallSite(function, file, line), recorder.site(function, file, line), descriptor: nil)
    let lookup = resolve(host: host, port: port, function: function, file: file, line: line)
    Connecting(deferred, within: timeout).start(lookup, of: host, function: function, file: file, line: line)
    return deferred
  }
}
