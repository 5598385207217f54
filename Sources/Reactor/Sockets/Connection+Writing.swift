import Glibc
import Recorder
import Trace

extension Connection {
  /// Sends bytes, in the order of the calls; what the kernel has no room for waits here, in unlimited amount: whoever
  /// writes much stops at `isBackedUp` or `onHighWater`, and goes on at `onDrain`.
  ///
  /// Does nothing once the connection is closed or closing, or its output ended: the peer may have gone at any time.
  ///
  /// ```swift
  /// reactor.connect(host: "127.0.0.1", port: 9).addCallback { connection in
  ///   let block = [UInt8](repeating: 0, count: 8 << 10)
  ///   func fill() {
  ///     while connection.isOpen && !connection.isBackedUp { connection.write(block) }
  ///   }
  ///   connection.onDrain { fill() }
  ///   fill()
  /// }
  /// ```
  public func write(
    _ bytes: RawSpan, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) {
    reactor.checkThread("Connection.write")
    bytes.withUnsafeBytes { send($0, function, file, line) }
  }

  /// Sends bytes, as `write` of a `RawSpan`.
  public func write(
    _ bytes: [UInt8], function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) {
    write(bytes.span.bytes, function: function, file: file, line: line)
  }

  /// Sends a text in UTF-8.
  public func write(
    _ text: String, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) {
    write(text.utf8.span.bytes, function: function, file: file, line: line)
  }

  /// `body` is called, inside the `write`, when more comes to wait than the upper of the `waterMarks`.
  public func onHighWater(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) {
    reactor.checkThread("Connection.onHighWater")
    if isAlive { makeOutgoing().highWater = handler(function, file, line, body) }
  }

  /// `body` is called each time when, after the high water, no more waits than the lower of the `waterMarks`.
  public func onDrain(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) {
    reactor.checkThread("Connection.onDrain")
    if isAlive { makeOutgoing().draining = handler(function, file, line, body) }
  }

  /// Ends our own direction once everything written has been sent (half-close); reading goes on until the peer ends its
  /// own, and then the connection has ended. Of a pipe there is but one direction: this closes it.
  ///
  /// ```swift
  /// reactor.connect(host: "127.0.0.1", port: 7).addCallback { connection in
  ///   connection.onData { print(String(decoding: $0, as: UTF8.self)) }
  ///   connection.write("all that there is to ask")
  ///   connection.endOutput()
  /// }
  /// ```
  public func endOutput() {
    reactor.checkThread("Connection.endOutput")
    guard isOpen else { return }
    ownDirection = .ending
    if !hasOutput { shutDownOutput(reactor.trigger) }
  }

  @inline(__always)
  private func send(
    _ bytes: UnsafeRawBufferPointer, _ function: StaticString, _ file: StaticString, _ line: UInt
  ) {
    guard isOpen, bytes.count > 0 else { return }
    let sent = hasOutput ? .success(0) : channel.send(bytes, to: descriptor)
    if case .success(bytes.count) = sent { return }
    keep(bytes, sent, function, file, line)
  }

  /// Not all was sent: the rest waits. Never inlined, for sending all is nearly always all that there is to do.
  @inline(never)
  private func keep(
    _ bytes: UnsafeRawBufferPointer, _ sent: Channel.Sent, _ function: StaticString, _ file: StaticString, _ line: UInt
  ) {
    switch sent {
    case .failure(let code): finish(failure(.send, code), reactor.trigger)
    case .success(let count):
      let recorder = reactor.recorder
      let operation =
        hasOutput ? nil : recorder.created(.write, recorder.site(function, file, line), descriptor: descriptor)
      let outgoing = makeOutgoing()
      if let operation { outgoing.operation = operation }
      buffer(UnsafeRawBufferPointer(rebasing: bytes[count...]), in: outgoing)
    }
  }

  private func buffer(_ bytes: UnsafeRawBufferPointer, in outgoing: Outgoing) {
    outgoing.output.append(bytes)
    updateInterest()
    if isBackedUp || outgoing.output.count <= outgoing.waterMarks.upperBound { return }
    isBackedUp = true
    guard let handler = outgoing.highWater else { return }
    let registration = handler.registration
    reactor.recorder.beganNow(
      registration.site, .io, reactor.trigger, operation: outgoing.operation, chain: registration.chain)
    reactor.run(registration) { try handler.body() }
  }

  /// The poll's side: there is room.
  func flush() {
    guard let outgoing else { return }
    if let code = outgoing.output.send(over: channel, to: descriptor) { return finish(failure(.send, code), .poll) }
    let operation = outgoing.operation
    if outgoing.output.isEmpty { outgoing.operation = .none }
    updateInterest()
    tellOfDrain(operation, outgoing)
    guard outgoing.output.isEmpty, descriptor >= 0 else { return }
    if isClosing { return finish(hasEndOfInput ? .byPeer : .here, .poll, lingers: true) }
    if ownDirection == .ending { shutDownOutput(.poll) }
  }

  /// Settles the wait for room where it is over; inside the span of `onDrain`, if that is due now.
  private func tellOfDrain(_ operation: RingOperation, _ outgoing: Outgoing) {
    let recorder = reactor.recorder
    let isOver = outgoing.output.isEmpty
    let isDue = isBackedUp && outgoing.output.count <= outgoing.waterMarks.lowerBound
    if isDue { isBackedUp = false }
    guard isDue, isOpen, let handler = outgoing.draining else {
      if isOver { recorder.settled(operation, .success) }
      return
    }
    let registration = handler.registration
    recorder.began(registration.site, .io, .poll, operation: operation, chain: registration.chain)
    if isOver { recorder.settled(operation, .success) }
    reactor.run(registration) { try handler.body() }
  }

  private func shutDownOutput(_ trigger: Trigger) {
    ownDirection = .ended
    // A failure means that the peer is gone, which reading will tell.
    if channel == .socket { shutdown(descriptor, Int32(SHUT_WR)) }
    if channel == .pipe || hasEndOfInput { finish(hasEndOfInput ? .byPeer : .here, trigger) }
  }
}
