import Recorder
import Trace

/// What a shutdown had to cut off.
public struct ShutDown: Sendable {
  /// The other ends of the connections with something unsent.
  public let aborted: [Peer]
  /// Where the hooks were registered whose work was not finished in time.
  public let unfinished: [CallSite]

  /// Whether everything came to its end in good order.
  public var isClean: Bool { aborted.isEmpty && unfinished.isEmpty }
}

/// A shutdown under way: the program's hooks first, then what is left to be sent.
final class ShuttingDown {
  /// Work of the program's that a shutdown waits for.
  struct Hook {
    let registration: Registration
    let body: () throws -> Deferred<Void>
  }

  private enum Stage {
    case finishing, sending, over
  }

  let deferred: Deferred<ShutDown>
  private let hooks: [Hook]
  private var stage = Stage.finishing
  /// The hooks, by their number, that are not finished.
  private var unfinished: Set<Int>
  /// The connections that still have something to send.
  private var sending: [ObjectIdentifier: Connection] = [:]
  private var timer: Timer?
  private var reactor: Reactor { deferred.reactor }

  init(_ deferred: Deferred<ShutDown>, _ hooks: [Hook]) {
    self.deferred = deferred
    self.hooks = hooks
    unfinished = Set(hooks.indices)
  }

  func start(within limit: Nanoseconds) {
    for listener in reactor.descriptors.all(Listener.self) { listener.stop() }
    let delay = max(limit, .zero)
    timer = reactor.set(delay, repeats: false, deferred.callSite, deferred.site) { [weak self] in self?.cutOff() }
    // In callbacks of their own, whoever called for the shutdown.
    if hooks.isEmpty { enqueue(deferred.callSite, deferred.site, reactor.recorder.chain) { self.send() } }
    for (number, hook) in hooks.enumerated() {
      let registration = hook.registration
      enqueue(registration.callSite, registration.site, registration.chain) { try self.call(hook, number) }
    }
  }

  private func enqueue(
    _ callSite: CallSite, _ site: RingSite, _ chain: RingChain, _ body: @escaping () throws -> Void
  ) {
    let recorder = reactor.recorder
    let entry = recorder.queued(.none, site, .ready, reactor.trigger, chain: chain, at: recorder.moment())
    reactor.enqueue(.ready, reactor.trigger, Registration(callSite, site, chain, entry), body)
  }

  private func call(_ hook: Hook, _ number: Int) throws {
    do {
      try hook.body().addBoth { (_: Result<Void, any Error>) -> Void in self.finished(number) }
    } catch {
      finished(number)
      throw error
    }
  }

  private func finished(_ number: Int) {
    unfinished.remove(number)
    if unfinished.isEmpty { send() }
  }

  /// Closes the connections; those with something unsent live on until it is sent.
  private func send() {
    guard stage == .finishing else { return }
    stage = .sending
    let connections = reactor.descriptors.all(Connection.self)
    for connection in connections { sending[ObjectIdentifier(connection)] = connection }
    for connection in connections { connection.close() }
    if sending.isEmpty { end(ShutDown(aborted: [], unfinished: [])) }
  }

  /// A connection has ended, whichever it is.
  func ended(_ connection: Connection) {
    guard stage == .sending, sending.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    if sending.isEmpty { end(ShutDown(aborted: [], unfinished: [])) }
  }

  private func cutOff() {
    let left = unfinished.sorted().map { hooks[$0].registration.callSite }
    let aborted = reactor.descriptors.all(Connection.self).filter { $0.bufferedBytes > 0 }
    end(ShutDown(aborted: aborted.map(\.peer), unfinished: left)) {
      for connection in aborted { connection.abort() }
    }
  }

  private func end(_ report: ShutDown, _ abort: () -> Void = {}) {
    guard stage != .over else { return }
    stage = .over
    sending = [:]
    timer?.cancel()
    abort()
    reactor.stop()
    deferred.callback(report)
  }
}

extension Reactor {
  /// Ends `run` in good order: accepts nothing any more, lets the program finish its work (see `onShutDown`), then closes
  /// every connection once all that was written has been sent, and stops. What is not done after `within` is cut off.
  ///
  /// The Deferred fires, with what was cut off, in the loop's last tick. A second call changes nothing and returns the same.
  ///
  /// ```swift
  /// try reactor.onSignal(SIGTERM) {
  ///   reactor.shutDown(within: .seconds(10)).addCallback { report in
  ///     if !report.isClean { print("cut off:", report.aborted, report.unfinished) }
  ///   }
  /// }
  /// ```
  @discardableResult
  public func shutDown(
    within limit: Nanoseconds, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<ShutDown> {
    checkThread("shutDown")
    if let shuttingDown { return shuttingDown.deferred }
    let deferred = Deferred<ShutDown>(
      self, .deferred, CallSite(function, file, line), recorder.site(function, file, line), descriptor: nil)
    if hasEnded {
      deferred.errback(ReactorError.ended)
      return deferred
    }
    let starting = ShuttingDown(deferred, shutDownHooks)
    shuttingDown = starting
    starting.start(within: limit)
    return deferred
  }

  /// `body` is called when the reactor begins to shut down, and returns a Deferred that fires when the program's work (the
  /// requests that it is at) is done: until then connections stay open. What it throws is an unhandled failure.
  ///
  /// ```swift
  /// let requestsDone = reactor.deferred(of: Void.self)
  /// reactor.onShutDown { requestsDone }
  /// ```
  public func onShutDown(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Deferred<Void>
  ) {
    checkThread("onShutDown")
    if hasEnded { return }
    let registration = Registration(
      CallSite(function, file, line), recorder.site(function, file, line), recorder.chain, .none)
    shutDownHooks.append(ShuttingDown.Hook(registration: registration, body: body))
  }
}
