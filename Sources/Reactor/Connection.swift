import DequeModule
import Glibc
import Recorder
import Trace

/// A TCP connection, accepted or made.
///
/// It lives while it is watched, that is from `onData` on or while it has something to send; else while somebody holds it.
/// Letting go of it closes it. Small writes are sent at once (TCP_NODELAY), and no write raises SIGPIPE.
public final class Connection {
  /// The other end.
  public let peer: SocketAddress
  let reactor: Reactor
  /// -1 once it is closed.
  private var descriptor: Int32
  /// `nil` while it is not watched at all.
  private var interest: Interest?
  private var end: End?
  private var isClosing = false
  private var isPaused = false
  private var reading: Handler<([UInt8]) throws -> Void>?
  private var draining: Handler<() throws -> Void>?
  private var closing: Handler<(ReactorError?) throws -> Void>?
  private var output = Output()
  /// The wait for room to send in; there while there is output.
  private var sending = RingOperation.none

  private struct Handler<Body> {
    let registration: Registration
    let body: Body
  }

  /// How it came to an end.
  private enum End {
    case byPeer, here, failed(ReactorError)

    var error: ReactorError? {
      if case .failed(let error) = self { error } else { nil }
    }
  }

  init(_ reactor: Reactor, _ descriptor: Int32, _ peer: SocketAddress) {
    self.reactor = reactor
    self.descriptor = descriptor
    self.peer = peer
    Socket.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
    if reactor.recorder.isOn { reactor.recorder.watched(descriptor, "\(peer)") }
  }

  deinit {
    if descriptor >= 0 { release(.here) }
  }

  /// Whether it can still be written to.
  public var isOpen: Bool { descriptor >= 0 && !isClosing }
  /// Bytes written that the kernel has not taken yet.
  public var bufferedBytes: Int { output.count }

  // MARK: Handlers

  /// Reads from here on: `body` is called with what came, at most 64 KiB at a time. Each call begins a chain.
  ///
  /// Until there is a handler nothing is read, so the peer is held back, and its end goes unnoticed. A second handler
  /// takes the first one's place.
  public func onData(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping ([UInt8]) throws -> Void
  ) {
    reactor.checkThread("Connection.onData")
    guard isOpen else { return }
    let recorder = reactor.recorder
    let site = recorder.site(function, file, line)
    if let reading { recorder.settled(reading.registration.operation, .cancelled) }
    let operation = recorder.created(.read, site, standing: true, descriptor: descriptor)
    reading = Handler(
      registration: Registration(CallSite(function, file, line), site, recorder.chain, operation), body: body)
    updateInterest()
  }

  /// `body` is called once, from the ready queue, after the connection came to its end: with the error, or `nil` where
  /// either side closed it in good order. Also where it has ended before.
  public func onClose(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (ReactorError?) throws -> Void
  ) {
    reactor.checkThread("Connection.onClose")
    closing = Handler(registration: registration(function, file, line), body: body)
    if end != nil { queueClosing(reactor.trigger) }
  }

  /// `body` is called each time when everything written has been handed to the kernel, after some of it had to wait.
  ///
  /// Whoever writes much writes the next part then: that is back-pressure.
  public func onDrain(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) {
    reactor.checkThread("Connection.onDrain")
    guard isOpen else { return }
    draining = Handler(registration: registration(function, file, line), body: body)
  }

  private func registration(_ function: StaticString, _ file: StaticString, _ line: UInt) -> Registration {
    Registration(
      CallSite(function, file, line), reactor.recorder.site(function, file, line), reactor.recorder.chain, .none)
  }

  /// Stops calling `onData` until `resume`; the peer is held back once the kernel's buffers are full.
  public func pause() {
    reactor.checkThread("Connection.pause")
    isPaused = true
    updateInterest()
  }

  /// Goes on reading after `pause`.
  public func resume() {
    reactor.checkThread("Connection.resume")
    isPaused = false
    updateInterest()
  }

  // MARK: Writing and closing

  /// Sends bytes, in the order of the calls; what the kernel has no room for waits here, in unlimited amount.
  ///
  /// Does nothing once the connection is closed or closing: the peer may have gone at any time.
  public func write(
    _ bytes: [UInt8], function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) {
    reactor.checkThread("Connection.write")
    guard isOpen, !bytes.isEmpty else { return }
    if !output.isEmpty { return output.append(bytes) }
    output.append(bytes)
    if let error = output.send(to: descriptor) { return finish(failure(.send, error), reactor.trigger) }
    if output.isEmpty { return }
    sending = reactor.recorder.created(.write, reactor.recorder.site(function, file, line), descriptor: descriptor)
    updateInterest()
  }

  /// Sends a text in UTF-8; see `write(_:)` for bytes.
  public func write(
    _ text: String, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) {
    write(Array(text.utf8), function: function, file: file, line: line)
  }

  /// Closes it once everything written has been sent; nothing is read any more.
  public func close() {
    reactor.checkThread("Connection.close")
    guard isOpen else { return }
    isClosing = true
    if output.isEmpty { finish(.here, reactor.trigger) } else { updateInterest() }
  }

  /// Closes it now: what was not sent is lost, and the peer sees a reset.
  public func abort() {
    reactor.checkThread("Connection.abort")
    guard descriptor >= 0 else { return }
    Socket.set(descriptor, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    finish(.here, reactor.trigger)
  }

  // MARK: The poll's side

  private func updateInterest() {
    guard descriptor >= 0 else { return }
    var wanted: Interest = reading != nil && !isPaused && !isClosing ? .read : []
    if !output.isEmpty { wanted.insert(.write) }
    if wanted == interest ?? [] { return }
    if interest != nil {
      reactor.change(descriptor, wanted)
      interest = wanted
      return
    }
    do throws(ReactorError) {
      try reactor.watch(self, descriptor, wanted)
      interest = wanted
    } catch {
      finish(.failed(error), reactor.trigger)
    }
  }

  /// At most one read a tick, so that a fast peer does not starve the others: the poll reports what is left.
  private func receive() {
    let buffer = reactor.receiveBuffer
    let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
    if count > 0 { return deliver(Array(buffer[..<count])) }
    if count == 0 { return finish(.byPeer, .poll) }
    if errno != EAGAIN && errno != EINTR { finish(failure(.receive, errno), .poll) }
  }

  private func deliver(_ bytes: [UInt8]) {
    guard let registration = reading?.registration else { return }
    reactor.recorder.beganChain(registration.site, .io, .poll, operation: registration.operation)
    reactor.run(registration) {
      let body = reading?.body
      try body?(bytes)
    }
  }

  private func flush() {
    if let error = output.send(to: descriptor) { return finish(failure(.send, error), .poll) }
    guard output.isEmpty else { return }
    updateInterest()
    if isClosing { return finish(.here, .poll) }
    let operation = sending
    sending = .none
    guard let registration = draining?.registration else {
      return reactor.recorder.settled(operation, .success)
    }
    reactor.recorder.began(registration.site, .io, .poll, operation: operation, chain: registration.chain)
    reactor.recorder.settled(operation, .success)
    reactor.run(registration) {
      let body = draining?.body
      try body?()
    }
  }

  private func failure(_ call: ReactorError.SystemCall, _ code: Int32) -> End {
    .failed(.failed(call, at: peer.description, errno: code))
  }

  private func finish(_ end: End, _ trigger: Trigger) {
    guard descriptor >= 0 else { return }
    // The handlers may hold the last reference to it.
    withExtendedLifetime(self) {
      if interest != nil { reactor.unwatch(descriptor) }
      release(end)
      queueClosing(trigger)
    }
  }

  /// Closes the descriptor, settles its operations and lets go of the handlers that are of no more use.
  private func release(_ end: End) {
    let recorder = reactor.recorder
    Glibc.close(descriptor)
    recorder.unwatched(descriptor)
    descriptor = -1
    self.end = end
    if let reading { settle(reading.registration.operation, end) }
    settle(sending, isClosing && output.isEmpty ? .byPeer : end)
    sending = .none
    output = Output()
    reading = nil
    draining = nil
  }

  private func settle(_ operation: RingOperation, _ end: End) {
    let recorder = reactor.recorder
    switch end {
    case .byPeer: recorder.settled(operation, .success)
    case .here: recorder.settled(operation, .cancelled)
    case .failed(let error):
      recorder.settled(operation, .failure, message: recorder.isOn ? error.description : nil)
    }
  }

  private func queueClosing(_ trigger: Trigger) {
    guard let closing, let end else { return }
    self.closing = nil
    let recorder = reactor.recorder
    let registered = closing.registration
    let entry = recorder.queued(
      .none, registered.site, .io, trigger, chain: registered.chain, at: recorder.moment())
    let registration = Registration(registered.callSite, registered.site, registered.chain, entry)
    reactor.enqueue(.io, trigger, registration) { try closing.body(end.error) }
  }
}

extension Connection: Watcher {
  func ready(_ readiness: Readiness, _ reactor: Reactor) {
    if readiness.readable { receive() }
    if readiness.writable, descriptor >= 0, !output.isEmpty { flush() }
    // Reported whatever the interest: without an end to it here, the poll would spin.
    if readiness.hungUp, !readiness.readable, descriptor >= 0 {
      let code = Socket.takeError(descriptor)
      finish(code == 0 ? .byPeer : failure(.receive, code), .poll)
    }
  }

  func reactorEnded() {
    release(.here)
    closing = nil
  }
}
