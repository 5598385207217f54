import Glibc
import Recorder
import Trace

extension Connection {
  /// `body` is called once, from the ready queue, after the connection came to its end: with the error, or `nil` where
  /// either side closed it in good order. Also where it has ended before.
  public func onClose(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (ReactorError?) throws -> Void
  ) {
    reactor.checkThread("Connection.onClose")
    closing = handler(function, file, line, body)
    if end != nil { queueClosing(reactor.trigger) }
  }

  /// Closes it once everything written has been sent; nothing is read any more.
  public func close() {
    reactor.checkThread("Connection.close")
    guard isAlive else { return }
    isClosing = true
    if output.isEmpty { finish(.here, reactor.trigger) } else { updateInterest() }
  }

  /// Closes it now: what was not sent is lost, and the peer sees a reset.
  public func abort() {
    reactor.checkThread("Connection.abort")
    guard descriptor >= 0 else { return }
    if channel == .socket { Socket.set(descriptor, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0)) }
    finish(.here, reactor.trigger)
  }

  func finish(_ end: End, _ trigger: Trigger) {
    guard descriptor >= 0 else { return }
    // The handlers may hold the last reference to it.
    withExtendedLifetime(self) {
      if interest != nil { reactor.unwatch(descriptor) }
      release(end)
      queueClosing(trigger)
      reactor.shuttingDown?.ended(self)
    }
  }

  /// Closes the descriptor, settles its operations and lets go of the handlers that are of no more use.
  func release(_ end: End) {
    let recorder = reactor.recorder
    Glibc.close(descriptor)
    recorder.unwatched(descriptor)
    descriptor = -1
    self.end = end
    if let reading { settle(reading.registration.operation, end) }
    settle(sending, end)
    sending = .none
    output = Output()
    reading = nil
    ending = nil
    highWater = nil
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
