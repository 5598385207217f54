import Glibc
import Recorder
import Trace

extension Connection {
  /// `body` is called once, from the ready queue, after the connection came to its end: with the error, or `nil` where
  /// either side closed it in good order. Also where it has ended before.
  ///
  /// ```swift
  /// reactor.connect(host: "127.0.0.1", port: 7).addCallback { connection in
  ///   connection.onBytes { _ in }
  ///   connection.onClose { error in print(error?.description ?? "closed in good order") }
  /// }
  /// ```
  public func onClose(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (ReactorError?) throws -> Void
  ) {
    reactor.checkThread("Connection.onClose")
    closing = handler(function, file, line, body)
    if end != nil { queueClosing(reactor.trigger) }
  }

  /// Closes it once everything written has been sent; nothing that comes in is heard of any more.
  ///
  /// The peer can read all of it to its end, though it may be sending still: what comes from it is thrown away, until it ends its
  /// direction, for two seconds at most. (The kernel would reset the connection.) To spare oneself that, there is `abort`.
  ///
  /// ```swift
  /// try reactor.listen(host: "127.0.0.1", port: 0) { connection in
  ///   connection.onBytes { _ in
  ///     connection.write("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n")
  ///     connection.close()
  ///   }
  /// }
  /// ```
  public func close() {
    reactor.checkThread("Connection.close")
    guard isAlive else { return }
    state = .closing
    if !hasOutput { finish(.here, reactor.trigger, lingers: true) } else { updateInterest() }
  }

  /// Closes it now: what was not sent is lost, and the peer sees a reset.
  public func abort() {
    reactor.checkThread("Connection.abort")
    guard state != .closed else { return }
    if channel == .socket { Socket.set(descriptor, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0)) }
    finish(.here, reactor.trigger)
  }

  func finish(_ end: End, _ trigger: Trigger, lingers: Bool = false) {
    guard state != .closed else { return }
    // The handlers may hold the last reference to it.
    withExtendedLifetime(self) {
      if interest != nil { reactor.unwatch(descriptor) }
      release(end, lingers: lingers)
      queueClosing(trigger)
      reactor.shuttingDown?.ended(self)
    }
  }

  /// Closes the descriptor, settles its operations and lets go of the handlers that are of no more use.
  ///
  /// - Parameter lingers: whether a peer that is still sending is to get all that was sent to it.
  func release(_ end: End, lingers: Bool = false) {
    let recorder = reactor.recorder
    recorder.unwatched(descriptor)
    if lingers && channel == .socket && !hasEndOfInput {
      Lingering.close(descriptor, peer, reactor)
    } else {
      Glibc.close(descriptor)
    }
    state = .closed
    interest = nil
    self.end = end
    if let operation = reading?.registration.operation { settle(operation, end) }
    if let outgoing { settle(outgoing.operation, end) }
    outgoing = nil
    reading = nil
    ending = nil
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
