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
    if isAlive { highWater = handler(function, file, line, body) }
  }

  /// `body` is called each time when, after the high water, no more waits than the lower of the `waterMarks`.
  public func onDrain(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) {
    reactor.checkThread("Connection.onDrain")
    if isAlive { draining = handler(function, file, line, body) }
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
    if output.isEmpty { shutDownOutput(reactor.trigger) }
  }

  private func send(
    _ bytes: UnsafeRawBufferPointer, _ function: StaticString, _ file: StaticString, _ line: UInt
  ) {
    guard isOpen, bytes.count > 0 else { return }
    var sent = 0
    if output.isEmpty {
      switch channel.send(bytes, to: descriptor) {
      case .success(let count): sent = count
      case .failure(let code): return finish(failure(.send, code), reactor.trigger)
      }
      if sent == bytes.count { return }
      sending = reactor.recorder.created(.write, reactor.recorder.site(function, file, line), descriptor: descriptor)
    }
    buffer(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
  }

  private func buffer(_ bytes: UnsafeRawBufferPointer) {
    output.append(bytes)
    updateInterest()
    if isBackedUp || output.count <= waterMarks.upperBound { return }
    isBackedUp = true
    guard let registration = highWater?.registration else { return }
    reactor.recorder.beganNow(registration.site, .io, reactor.trigger, operation: sending, chain: registration.chain)
    reactor.run(registration) { try highWater?.body() }
  }

  /// The poll's side: there is room.
  func flush() {
    if let code = output.send(over: channel, to: descriptor) { return finish(failure(.send, code), .poll) }
    let operation = sending
    if output.isEmpty { sending = .none }
    updateInterest()
    tellOfDrain(operation)
    guard output.isEmpty, descriptor >= 0 else { return }
    if isClosing { return finish(hasEndOfInput ? .byPeer : .here, .poll, lingers: true) }
    if ownDirection == .ending { shutDownOutput(.poll) }
  }

  /// Settles the wait for room where it is over; inside the span of `onDrain`, if that is due now.
  private func tellOfDrain(_ operation: RingOperation) {
    let recorder = reactor.recorder
    let isOver = output.isEmpty
    let isDue = isBackedUp && output.count <= waterMarks.lowerBound
    if isDue { isBackedUp = false }
    guard isDue, isOpen, let registration = draining?.registration else {
      if isOver { recorder.settled(operation, .success) }
      return
    }
    recorder.began(registration.site, .io, .poll, operation: operation, chain: registration.chain)
    if isOver { recorder.settled(operation, .success) }
    reactor.run(registration) { try draining?.body() }
  }

  private func shutDownOutput(_ trigger: Trigger) {
    ownDirection = .ended
    // A failure means that the peer is gone, which reading will tell.
    if channel == .socket { shutdown(descriptor, Int32(SHUT_WR)) }
    if channel == .pipe || hasEndOfInput { finish(hasEndOfInput ? .byPeer : .here, trigger) }
  }
}
