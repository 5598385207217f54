import Glibc
import Trace

extension Connection {
  /// Reads from here on: `body` is called with what came, at most 64 KiB at a time. Each call begins a chain.
  ///
  /// The bytes stand in a buffer of the reactor's, and only for the call; nothing is allocated for them. Until there is a
  /// handler nothing is read, so the peer is held back, and its end goes unnoticed. A second handler, of this or
  /// `onData`, takes the first one's place.
  ///
  /// ```swift
  /// reactor.connect(host: "127.0.0.1", port: 7).addCallback { connection in
  ///   connection.onBytes { bytes in
  ///     print(bytes.byteCount, "bytes, the first", bytes.unsafeLoad(as: UInt8.self))
  ///   }
  /// }
  /// ```
  public func onBytes(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (RawSpan) throws -> Void
  ) {
    reactor.checkThread("Connection.onBytes")
    guard isAlive, !hasEndOfInput else { return }
    let recorder = reactor.recorder
    let site = recorder.site(function, file, line)
    if let operation = reading?.registration.operation { recorder.settled(operation, .cancelled) }
    let operation = recorder.created(.read, site, standing: true, descriptor: descriptor)
    let registration = Registration(CallSite(function, file, line), site, recorder.chain, operation)
    reading = Reader(registration: registration, body: Reader.Body(call: body))
    updateInterest()
  }

  /// Reads from here on, as `onBytes`, into an array of its own each time.
  public func onData(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping ([UInt8]) throws -> Void
  ) {
    onBytes(function: function, file: file, line: line) { bytes in
      try body(bytes.withUnsafeBytes { Array($0) })
    }
  }

  /// `body` is called once, when the peer has ended its direction (half-close): nothing will come any more, and it can still
  /// be written to, until `close` or `endOutput`.
  ///
  /// Without this the connection closes then, once everything written has been sent.
  ///
  /// ```swift
  /// try reactor.listen(host: "127.0.0.1", port: 0) { connection in
  ///   var count = 0
  ///   connection.onBytes { count += $0.byteCount }
  ///   connection.onEnd {
  ///     connection.write("\(count) bytes\n")
  ///     connection.close()
  ///   }
  /// }
  /// ```
  public func onEnd(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) {
    reactor.checkThread("Connection.onEnd")
    guard isAlive, !hasEndOfInput else { return }
    ending = handler(function, file, line, body)
  }

  /// Stops reading until `resume`; the peer is held back once the kernel's buffers are full.
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

  /// Writes all that it reads to `other`, and ends that one's output when its own input ends; reads no faster than `other`
  /// can be written to, and closes when it can no more. Sets `onBytes` and `onEnd` here, `onHighWater` and `onDrain` there.
  ///
  /// ```swift
  /// let child = try reactor.spawn("sort", input: .pipe)
  /// reactor.connect(host: "127.0.0.1", port: 7).addCallback { $0.forward(to: child.input) }
  /// ```
  public func forward(
    to other: Connection, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) {
    other.onHighWater(function: function, file: file, line: line) { [weak self] in self?.pause() }
    other.onDrain(function: function, file: file, line: line) { [weak self] in self?.resume() }
    onBytes(function: function, file: file, line: line) { [unowned self] bytes in
      if other.isOpen { other.write(bytes) } else { close() }
    }
    onEnd(function: function, file: file, line: line) { other.endOutput() }
  }

  // MARK: The poll's side

  /// At most one read a tick, so that a fast peer does not starve the others: the poll reports what is left. Returns whether a
  /// callback's end was the last thing that was done.
  @inline(__always)
  func receive(_ readiness: Readiness) -> Bool {
    let buffer = reactor.receiveBuffer
    let count = channel.receive(into: buffer, from: descriptor)
    if count <= 0 { return receivedNothing(count) }
    deliver(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    guard count == buffer.count || readiness.hasMore else { return true }
    pollAgain()
    return false
  }

  /// Has the poll report what is left, where it would not by itself.
  @inline(never)
  private func pollAgain() {
    guard let interest, interest.contains([.read, .edge]) else { return }
    reactor.change(descriptor, interest)
  }

  /// - Parameter answer: the kernel's: 0 at the end, or a negative `errno`.
  @inline(never)
  private func receivedNothing(_ answer: Int) -> Bool {
    switch Int32(-answer) {
    case 0: inputEnded()
    case EAGAIN: break
    case EINTR: pollAgain()
    case let code: finish(failure(.receive, code), .poll)
    }
    return false
  }

  @inline(__always)
  private func deliver(_ bytes: UnsafeRawBufferPointer) {
    guard let registration = reading?.registration, let body = reading?.body.take() else { return }
    let recorder = reactor.recorder
    recorder.beganChain(registration.site, .io, .poll, operation: registration.operation)
    do {
      try body.call(bytes.bytes)
      putBack(body)
      recorder.ended()
    } catch {
      putBack(body)
      reactor.failed(error, registration)
    }
  }

  /// One that was let go of meanwhile is destroyed inside the span; another one has what it runs.
  @inline(__always)
  private func putBack(_ body: consuming Reader.Body) {
    if reading?.isRunning == true { fill(&reading!.body, body) }
  }

  private func inputEnded() {
    hasEndOfInput = true
    guard let registration = ending?.registration else { return closeAfterPeer() }
    let operation = reading?.registration.operation ?? .none
    let recorder = reactor.recorder
    recorder.began(registration.site, .io, .poll, operation: operation, chain: registration.chain)
    recorder.settled(operation, .success)
    reactor.run(registration) {
      reading = nil
      updateInterest()
      try ending.take()?.body()
    }
    if state == .outputEnded { finish(.byPeer, .poll) }
  }

  private func closeAfterPeer() {
    state = .closing
    if !hasOutput { finish(.byPeer, .poll) } else { updateInterest() }
  }

  /// Both directions are gone, or an error is pending; and reading, which would find out, is not of interest.
  func hangUp() {
    let code = channel == .socket ? Socket.takeError(descriptor) : 0
    if code != 0 { return finish(failure(.receive, code), .poll) }
    if !hasEndOfInput && state != .closing {
      // Read once there is interest again, which makes the poll report it again.
      if !hasOutput && channel.hasInput(descriptor) { return }
      inputEnded()
    }
    finish(hasOutput ? failure(.send, EPIPE) : .byPeer, .poll)
  }
}

/// Moves a value to where there is none; an assignment would look whether there is one to let go of.
@inline(__always)
private func fill<Value: ~Copyable>(_ place: UnsafeMutablePointer<Value?>, _ value: consuming Value) {
  place.initialize(to: value)
}
