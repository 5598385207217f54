import Recorder
import Trace

/// A descriptor that somebody else owns, watched for reading, writing or both: how a library that brings its own sockets
/// joins the loop, as libpq, a terminal or a D-Bus connection.
///
/// ```swift
/// let watch = reactor.watch(STDIN_FILENO, "the terminal")
/// try watch.onReadable {
///   var bytes = [UInt8](repeating: 0, count: 4096)
///   if read(STDIN_FILENO, &bytes, bytes.count) <= 0 { watch.cancel() }
/// }
/// ```
///
/// It lives while it is watched for something, else while somebody holds it. It is level-triggered: a handler that does
/// not read, or write, is called again in the next tick. An end or an error of the other side calls every handler
/// there is, because only the owner's next read or write can tell what happened.
///
/// It never reads, writes or closes the descriptor. Its owner should cancel the watch, then close. One that is closed while
/// it is watched is forgotten by the kernel: no handler is called any more (unless a duplicate is open: then they go
/// on being called). All that is left to do then is to cancel, which is harmless even where the number is in use again.
public final class DescriptorWatch {
  /// What is watched.
  public let descriptor: Int32
  private let reactor: Reactor
  private let what: String
  // Unchecked: the loop's thread alone comes here, and nothing is passed inout across a callback.
  @exclusivity(unchecked) private var reading: Handler?
  @exclusivity(unchecked) private var writing: Handler?
  /// Its place in the reactor's table; `nil` while it is watched for nothing.
  private var key: UInt64?
  /// Called when the reactor ends while this is watched for something: to settle without a call what waited for it.
  package var onReactorEnd: (() -> Void)?

  private final class Handler {
    let registration: Registration
    /// Taken out while it runs, so that it need not be retained.
    @exclusivity(unchecked) var body: (() throws -> Void)?

    init(_ registration: Registration, _ body: @escaping () throws -> Void) {
      self.registration = registration
      self.body = body
    }
  }

  private enum Side {
    case reading, writing
  }

  private subscript(side: Side) -> Handler? {
    @inline(__always) get {
      switch side {
      case .reading: reading
      case .writing: writing
      }
    }
    set {
      switch side {
      case .reading: reading = newValue
      case .writing: writing = newValue
      }
    }
  }

  fileprivate init(_ reactor: Reactor, _ descriptor: Int32, _ what: String) {
    self.reactor = reactor
    self.descriptor = descriptor
    self.what = what
  }

  /// Whether it is watched for anything.
  public var isWatching: Bool { key != nil }

  /// Calls `body` in every tick in which there is something to read, until `stopReading` or `cancel`; each call begins a
  /// chain. A second handler takes the first one's place. What it throws is an unhandled failure.
  ///
  /// Throws `ReactorError`: the descriptor is of a kind that is always ready (a regular file), is watched already, or is
  /// not open; or the reactor has ended.
  public func onReadable(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) throws(ReactorError) {
    try set(.reading, .read, CallSite(function, file, line), reactor.recorder.site(function, file, line), body)
  }

  /// Calls `body` in every tick in which there is room to write, until `stopWriting` or `cancel`: so only for as long as
  /// there is something to write. Otherwise as `onReadable`.
  ///
  /// ```swift
  /// let watch = reactor.watch(STDOUT_FILENO, "the terminal")
  /// try watch.onWritable {
  ///   print("there is room")
  ///   watch.stopWriting()
  /// }
  /// ```
  public func onWritable(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) throws(ReactorError) {
    try set(.writing, .write, CallSite(function, file, line), reactor.recorder.site(function, file, line), body)
  }

  /// Watches for reading no more, and lets go of its handler.
  public func stopReading() {
    reactor.checkThread("DescriptorWatch.stopReading")
    if drop(.reading, .cancelled) { narrow() }
  }

  /// Watches for writing no more, and lets go of its handler.
  public func stopWriting() {
    reactor.checkThread("DescriptorWatch.stopWriting")
    if drop(.writing, .cancelled) { narrow() }
  }

  /// Watches for nothing any more, and lets go of both handlers. Does nothing the second time.
  public func cancel() {
    reactor.checkThread("DescriptorWatch.cancel")
    drop(.reading, .cancelled)
    drop(.writing, .cancelled)
    narrow()
  }

  /// For the trace: what is read here, or else written, is what brings the value of `deferred`.
  package func settles(_ deferred: AnyDeferred) {
    guard let operation = (reading ?? writing)?.registration.operation else { return }
    reactor.recorder.awaits(deferred.operation, on: operation)
  }

  // MARK: The table's side

  private func set(
    _ side: Side, _ kind: OperationKind, _ callSite: CallSite, _ site: RingSite, _ body: @escaping () throws -> Void
  ) throws(ReactorError) {
    reactor.checkThread("DescriptorWatch.on…")
    drop(side, .cancelled)
    let operation = reactor.recorder.created(kind, site, standing: true, descriptor: descriptor)
    self[side] = Handler(Registration(callSite, site, reactor.recorder.chain, operation), body)
    if key != nil { return reactor.change(descriptor, interest) }
    do throws(ReactorError) {
      key = try reactor.watchForeign(self, descriptor, interest)
    } catch {
      drop(side, .failure)
      throw error
    }
    if reactor.recorder.isOn { reactor.recorder.watched(descriptor, what) }
  }

  /// Settles and lets go of a handler, if there is one.
  @discardableResult
  private func drop(_ side: Side, _ outcome: Outcome) -> Bool {
    guard let handler = self[side] else { return false }
    reactor.recorder.settled(handler.registration.operation, outcome)
    self[side] = nil
    return true
  }

  private var interest: Interest {
    (reading == nil ? [] : Interest.read).union(writing == nil ? [] : Interest.write)
  }

  /// Watched for nothing it leaves the kernel's list: a hang-up is reported whatever the interest, again and again.
  private func narrow() {
    guard let key else { return }
    guard interest.isEmpty else { return reactor.change(descriptor, interest) }
    self.key = nil
    onReactorEnd = nil
    reactor.recorder.unwatched(descriptor)
    reactor.unwatchForeign(descriptor, key)
  }

  @inline(__always)
  private func call(_ side: Side) {
    guard let registration = self[side]?.registration else { return }
    var body = self[side]?.body.take()
    reactor.recorder.beganChain(registration.site, .io, .poll, operation: registration.operation)
    reactor.run(registration) {
      // One that was let go of meanwhile is destroyed inside the span; another one has what it runs.
      defer { if let handler = self[side], handler.body == nil { handler.body = body.take() } else { body = nil } }
      try body?()
    }
  }
}

extension DescriptorWatch: Watcher {
  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool {
    if readiness.readable || readiness.hungUp { call(.reading) }
    if readiness.writable || readiness.hungUp { call(.writing) }
    // Reported without a handler it would not be.
    return true
  }

  func reactorEnded() {
    key = nil
    reactor.recorder.unwatched(descriptor)
    onReactorEnd.take()?()
    drop(.reading, .cancelled)
    drop(.writing, .cancelled)
  }
}

extension Reactor {
  /// Something to watch a foreign descriptor with; see there. It watches nothing yet.
  ///
  /// - Parameter what: what the descriptor is, for whoever reads a trace.
  public func watch(_ descriptor: Int32, _ what: String) -> DescriptorWatch {
    checkThread("watch")
    if descriptor < 0 { misuse("watch of descriptor \(descriptor)") }
    return DescriptorWatch(self, descriptor, what)
  }
}
