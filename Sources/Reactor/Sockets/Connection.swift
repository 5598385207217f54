import Glibc
import Recorder
import Trace

/// A stream of bytes in both directions: over TCP, a Unix socket, or in one direction a pipe of a child process.
///
/// It lives while it is watched, that is from `onBytes` or `onData` on or while it has something to send; else while somebody
/// holds it. Letting go of it closes it. Small writes are sent at once (TCP_NODELAY), and no write raises SIGPIPE.
/// For the reactor's own thread.
///
/// ```swift
/// try reactor.listen(host: "127.0.0.1", port: 0) { connection in
///   connection.onBytes { connection.write($0) }
///   connection.onClose { error in print(connection.peer, error?.description ?? "went") }
/// }
/// ```
public final class Connection {
  /// The other end.
  public let peer: Peer
  /// The loop that it belongs to.
  public let reactor: Reactor
  let channel: Channel
  /// Once it is closed, the number may be another one's.
  let descriptor: Int32
  // Unchecked: the loop's thread alone comes here, and nothing is passed inout across a callback.
  @exclusivity(unchecked) var state = State.open
  /// `nil` while it is not watched at all.
  @exclusivity(unchecked) var interest: Interest?
  @exclusivity(unchecked) var isPaused = false
  /// The peer has ended its direction.
  @exclusivity(unchecked) var hasEndOfInput = false
  /// More than the marks allow has been written; the drain is still to be told of.
  @exclusivity(unchecked) public internal(set) var isBackedUp = false
  /// What waits to be sent; there once something had to, or somebody wants to hear of it.
  @exclusivity(unchecked) var outgoing: Outgoing?
  @exclusivity(unchecked) var reading: Reader?
  @exclusivity(unchecked) var ending: Handler<() throws -> Void>?
  @exclusivity(unchecked) var closing: Handler<(ReactorError?) throws -> Void>?
  @exclusivity(unchecked) var end: End?
  /// How much may wait: above the upper bound `onHighWater` is called, from there down at the lower `onDrain`. In bytes.
  ///
  /// The kernel holds some hundred kilobytes more, which the peer's line is busy with when the last of ours is gone.
  public var waterMarks: ClosedRange<Int> {
    get { outgoing?.waterMarks ?? Outgoing.waterMarks }
    set { makeOutgoing().waterMarks = newValue }
  }

  /// How far it has come on its way to the end, as far as that is up to us.
  enum State {
    case open
    /// Our own direction ends once everything is sent.
    case endingOutput
    case outputEnded
    /// Nothing is read any more, and it ends once everything is sent.
    case closing
    case closed
  }

  /// How it came to an end.
  enum End {
    case byPeer, here
    /// Indirect: rare, and would make every connection larger.
    indirect case failed(ReactorError)

    var error: ReactorError? {
      if case .failed(let error) = self { error } else { nil }
    }
  }

  /// An object of its own: most connections have one or two of them.
  final class Handler<Body> {
    let registration: Registration
    let body: Body

    init(_ registration: Registration, _ body: Body) {
      self.registration = registration
      self.body = body
    }
  }

  /// What is called with what comes. Part of the connection, as nearly all have one: a message touches the fewer lines of memory.
  struct Reader: ~Copyable {
    let registration: Registration
    /// Taken out while it runs, so that it need not be retained.
    var body: Body?
    var isRunning: Bool { body == nil }

    struct Body: ~Copyable {
      let call: (RawSpan) throws -> Void
    }
  }

  init(_ reactor: Reactor, _ channel: Channel, _ descriptor: Int32, _ peer: Peer) {
    self.reactor = reactor
    self.channel = channel
    self.descriptor = descriptor
    self.peer = peer
    if reactor.recorder.isOn { reactor.recorder.watched(descriptor, "\(peer)") }
  }

  deinit {
    if state != .closed { release(.here, lingers: true) }
  }

  /// Whether it can still be written to.
  public var isOpen: Bool { state == .open }
  /// Bytes written that the kernel has not taken yet.
  public var bufferedBytes: Int { outgoing?.output.count ?? 0 }

  private var isTCP: Bool {
    if case .address(let address) = peer { address.family != AF_UNIX } else { false }
  }

  var hasOutput: Bool { outgoing.map { !$0.output.isEmpty } ?? false }

  func makeOutgoing() -> Outgoing {
    if let outgoing { return outgoing }
    let made = Outgoing()
    outgoing = made
    return made
  }

  /// Whether it was neither closed nor lost.
  var isAlive: Bool { state != .closing && state != .closed }

  func handler<Body>(
    _ function: StaticString, _ file: StaticString, _ line: UInt, _ body: Body
  ) -> Handler<Body> {
    let recorder = reactor.recorder
    let site = recorder.site(function, file, line)
    return Handler(Registration(CallSite(function, file, line), site, recorder.chain, .none), body)
  }

  /// Asks the poll for what is of use now; a system call only where that has changed.
  func updateInterest() {
    guard state != .closed else { return }
    var wanted: Interest = reading != nil && !isPaused && isAlive && !hasEndOfInput ? .read : []
    if hasOutput { wanted.insert(.write) }
    // Of TCP alone a read that was not full is known to have left nothing: a Unix socket's ends where descriptors are passed.
    if isTCP && !wanted.isEmpty { wanted.insert(.edge) }
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

  func failure(_ call: ReactorError.SystemCall, _ code: Int32) -> End {
    .failed(.failed(call, at: peer.description, errno: code))
  }
}

extension Connection: Watcher {
  @inline(__always)
  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool {
    // By its interest now: another one's callback may have paused or closed it, in the same tick. A hang-up is for the read to
    // find: an end, or an error, after what there still is.
    let reads = interest?.contains(.read) == true && (readiness.readable || readiness.hungUp)
    let isAfterCallback = reads && receive(readiness)
    if !readiness.writable && (reads || !readiness.hungUp) { return isAfterCallback }
    readyForMore(readiness, reads)
    return false
  }

  @inline(never)
  private func readyForMore(_ readiness: Readiness, _ reads: Bool) {
    if readiness.writable, hasOutput { flush() }
    if readiness.hungUp, !reads, state != .closed { hangUp() }
  }

  func reactorEnded() {
    release(.here)
    closing = nil
  }
}
