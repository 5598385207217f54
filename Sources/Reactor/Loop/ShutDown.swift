import Glibc
import Recorder
import Trace

/// What a shutdown had to cut off.
///
/// ```swift
/// reactor.shutDown(within: .seconds(5)).addCallback { report in
///   print(report.isClean ? "in good order" : "\(report.aborted.count) connections were cut off")
/// }
/// ```
public struct ShutDown: Sendable {
  /// The other ends of the connections with something unsent.
  public let aborted: [Peer]
  /// Where the hooks were registered whose work was not finished in time, and where the tasks were started that were cancelled.
  public let unfinished: [CallSite]
  /// The process ids of the children that did not end when they were asked to, and were killed.
  public let killed: [pid_t]

  /// Whether everything came to its end in good order.
  public var isClean: Bool { aborted.isEmpty && unfinished.isEmpty && killed.isEmpty }
}

/// A shutdown under way: the program's hooks and tasks first, then what is left to be sent, and the children.
final class ShuttingDown {
  /// Work of the program's that a shutdown waits for.
  struct Hook {
    let registration: Registration
    let body: () throws -> Deferred<Void>
  }

  private enum Stage {
    case finishing, closing, over
  }

  let deferred: Deferred<ShutDown>
  private let hooks: [Hook]
  private var stage = Stage.finishing
  /// The hooks, by their number, that are not finished.
  private var unfinished: Set<Int>
  /// The task that called for the shutdown: it may wait for it, so that is not waited for.
  private let caller: LiveTask?
  /// The connections that still have something to send, and the children that have not ended.
  private var closing: [ObjectIdentifier: any Watcher] = [:]
  private var timer: Timer?
  private var reactor: Reactor { deferred.reactor }

  init(_ deferred: Deferred<ShutDown>, _ hooks: [Hook]) {
    self.deferred = deferred
    self.hooks = hooks
    unfinished = Set(hooks.indices)
    caller = deferred.reactor.tasks.running
  }

  func start(within limit: Nanoseconds) {
    for listener in reactor.descriptors.all(Listener.self) { listener.stop() }
    let delay = max(limit, .zero)
    timer = reactor.set(delay, repeats: false, deferred.callSite, deferred.site) { [weak self] in self?.cutOff() }
    // In callbacks of their own, whoever called for the shutdown.
    if hooks.isEmpty { enqueue(deferred.callSite, deferred.site, reactor.recorder.chain) { self.proceed() } }
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
    proceed()
  }

  /// The tasks that are waited for.
  private var tasks: [LiveTask] { reactor.tasks.all.filter { $0 !== caller } }

  /// A hook or a task has come to its end: once the last has, closes the connections, of which those with something unsent live
  /// on until it is sent, and asks the children to end.
  func proceed() {
    guard stage == .finishing, unfinished.isEmpty, tasks.isEmpty else { return }
    stage = .closing
    let connections = reactor.descriptors.all(Connection.self)
    let children = reactor.descriptors.all(Child.self)
    for connection in connections { closing[ObjectIdentifier(connection)] = connection }
    for child in children { closing[ObjectIdentifier(child)] = child }
    for connection in connections { connection.close() }
    for child in children { child.kill(SIGTERM) }
    endIfDone()
  }

  /// A connection or a child has ended, whichever it is.
  func ended(_ watcher: any Watcher) {
    guard stage == .closing, closing.removeValue(forKey: ObjectIdentifier(watcher)) != nil else { return }
    endIfDone()
  }

  /// A socket that lingered is gone, or all that is waited for may be.
  func endIfDone() {
    guard stage == .closing, closing.isEmpty, reactor.lingering.count == 0 else { return }
    end(ShutDown(aborted: [], unfinished: [], killed: []))
  }

  private func cutOff() {
    let hooks = unfinished.sorted().map { self.hooks[$0].registration.callSite }
    let tasks = stage == .finishing ? self.tasks.map(\.deferred.callSite) : []
    let aborted = reactor.descriptors.all(Connection.self).filter { $0.bufferedBytes > 0 }
    let killed = reactor.descriptors.all(Child.self).map(\.id)
    end(ShutDown(aborted: aborted.map(\.peer), unfinished: hooks + tasks, killed: killed)) {
      for connection in aborted { connection.abort() }
    }
  }

  private func end(_ report: ShutDown, _ abort: () -> Void = {}) {
    guard stage != .over else { return }
    stage = .over
    closing = [:]
    timer?.cancel()
    abort()
    reactor.stop()
    deferred.callback(report)
  }
}

extension Reactor {
  /// Ends `run` in good order: accepts nothing any more, lets the program finish its work (see `onShutDown`) and all tasks come
  /// to their ends, but for the one that calls this; then closes every connection once all that was written has been sent, asks
  /// the children to end (SIGTERM), and stops. What is not done after `within` is cut off. A task that goes on until it is
  /// cancelled should be cancelled in `onShutDown`.
  ///
  /// The Deferred fires, with what was cut off, in the loop's last tick. A second call changes nothing and returns the same.
  /// Fails with `ReactorError.ended` where the reactor has ended.
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
