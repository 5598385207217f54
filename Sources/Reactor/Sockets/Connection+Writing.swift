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
  @inlinable
  public func write(
    _ bytes: RawSpan, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) {
    // Inlined no further than this: two words in registers in place of literals that would go over the stack.
    send(bytes, CallSite(function, file, line))
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
    state = .endingOutput
    if !hasOutput { shutDownOutput(reactor.trigger) }
  }

  /// Nearly always the kernel takes it all at once: that with as little around it as can be.
  @usableFromInline
  func send(_ bytes: RawSpan, _ site: CallSite) {
    let isFree = reactor.isOnThread && isOpen && outgoing == nil && channel == .socket && !bytes.isEmpty
    let answer = isFree ? Channel.socket.offer(bytes, to: descriptor) : 0
    if !isFree || answer != bytes.byteCount { finishSending(bytes, answer, site) }
  }

  /// - Parameter answer: the kernel's: how much it took, a negative `errno`, 0 where it was not asked.
  @inline(never)
  private func finishSending(_ bytes: RawSpan, _ answer: Int, _ site: CallSite) {
    reactor.checkThread("Connection.write")
    guard isOpen, !bytes.isEmpty else { return }
    switch answer == 0 && !hasOutput ? channel.send(bytes, to: descriptor) : Channel.Sent(answer) {
    case .failure(let code): finish(failure(.send, code), reactor.trigger)
    case .success(bytes.byteCount): return
    case .success(let count):
      let recorder = reactor.recorder
      let operation = hasOutput ? nil : recorder.created(.write, site.site(in: recorder), descriptor: descriptor)
      let outgoing = makeOutgoing()
      if let operation { outgoing.operation = operation }
      buffer(bytes.extracting(droppingFirst: count), in: outgoing)
    }
  }

  private func buffer(_ bytes: RawSpan, in outgoing: Outgoing) {
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
    guard outgoing.output.isEmpty, state != .closed else { return }
    if state == .closing { return finish(hasEndOfInput ? .byPeer : .here, .poll, lingers: true) }
    if state == .endingOutput { shutDownOutput(.poll) }
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
    state = .outputEnded
    // A failure means that the peer is gone, which reading will tell.
    if channel == .socket { shutdown(descriptor, Int32(SHUT_WR)) }
    if channel == .pipe || hasEndOfInput { finish(hasEndOfInput ? .byPeer : .here, trigger) }
  }
}
