import Recorder
import Trace

/// A value that is not there yet, and the steps that are to be taken once it is, or once it is known to fail.
///
/// Whoever has the source of the value makes one and fires it, once, with `callback(_:)` or `errback(_:)`. Everybody else adds
/// steps; each `add…` returns a Deferred for what comes out of that step. Steps run at once: inside the call that
/// fires, or inside `add…` where the value is there already; those of one Deferred in the order of their adding, and
/// all of them before any step added to what comes out of them. A step that returns a Deferred makes what follows wait for it.
///
/// Only a Deferred that was made, not derived, is an operation in the trace, and a derived one whose step returned a
/// Deferred that had not fired. Not for use from another thread, and not `Sendable`.
///
/// Who keeps whom alive: a Deferred its steps, down to the last; never a step the Deferred that it follows. So one that nobody
/// can fire any more goes away, with all its steps. It keeps its reactor alive.
public class Deferred<Value> {
  enum State {
    case pending
    case settled(Settled<Value>)
    /// Its reactor ended; it will never fire.
    case abandoned
  }

  let reactor: Reactor
  /// Where it was made, or its step added.
  let callSite: CallSite
  let site: RingSite
  private(set) var state = State.pending
  /// The operation whose settling brings its value: its own, or that of the nearest Deferred before it that has one.
  var operation: RingOperation
  private var ownsOperation: Bool
  /// After a cancel, who would have fired it may still do so, to no effect.
  private var wasCancelled = false
  /// While its steps run, one that is added waits for its turn.
  private var isRunningSteps = false
  /// Called to cancel the source; may fire.
  var onCancel: ((Deferred) -> Void)?
  /// What its step returned, if it waits for that. Unowned because that one owns this one, as a step.
  private unowned(unsafe) var inner: Deferred?
  // Nearly always there is one step: an array only for more.
  private var firstStep: (any DeferredStep)?
  private var moreSteps: [any DeferredStep] = []

  /// A Deferred for its maker to fire.
  ///
  /// `onCancel` is called when somebody cancels it, and should stop the source of the value; if it does not fire, the
  /// Deferred fails with a `CancellationError`.
  public convenience init(
    on reactor: Reactor, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    onCancel: ((Deferred<Value>) -> Void)? = nil
  ) {
    self.init(
      reactor, .deferred, CallSite(function, file, line), reactor.recorder.site(function, file, line), descriptor: nil)
    self.onCancel = onCancel
  }

  /// A root: an operation of `kind` from here on.
  init(_ reactor: Reactor, _ kind: OperationKind, _ callSite: CallSite, _ site: RingSite, descriptor: Int32?) {
    reactor.checkThread("Deferred.init")
    self.reactor = reactor
    self.callSite = callSite
    self.site = site
    operation = reactor.recorder.created(kind, site, descriptor: descriptor)
    ownsOperation = true
  }

  /// What comes out of a step of a Deferred whose value `operation` brings.
  init(after operation: RingOperation, _ reactor: Reactor, _ callSite: CallSite, _ site: RingSite) {
    self.reactor = reactor
    self.callSite = callSite
    self.site = site
    self.operation = operation
    ownsOperation = false
  }

  deinit {
    // What was still waiting when the reactor ended was not dropped by anybody.
    if case .pending = state, ownsOperation {
      reactor.recorder.settled(operation, reactor.hasEnded ? .cancelled : .dropped)
    }
    releaseSteps()
  }

  // MARK: Firing

  /// Fires with a value: its steps run, inside this call. Once only; to no effect after a cancel.
  public func callback(_ value: Value) {
    fire(.success(value))
  }

  /// Fires with an error. Once only; to no effect after a cancel.
  public func errback(_ error: any Error) {
    fire(.failure(error))
  }

  func fire(_ result: Result<Value, any Error>) {
    reactor.checkThread("Deferred.fire")
    if isDerived { misuse("the Deferred after the step added in \(callSite) is fired by that step, by nobody else") }
    if wasCancelled { return }
    switch state {
    case .pending: settleAndRun(result)
    case .settled(let first): misuse("the Deferred made in \(callSite) was fired with \(result) after \(first.result)")
    case .abandoned: return
    }
  }

  private func settleAndRun(_ result: Result<Value, any Error>) {
    onCancel = nil
    settle(Settled(result, from: self))
    var firing = Firing()
    firing.append(self)
    firing.run()
  }

  func settle(_ settled: Settled<Value>) {
    state = .settled(settled)
    if ownsOperation { record(settled) }
  }

  private func record(_ settled: Settled<Value>) {
    let recorder = reactor.recorder
    guard case .failure(let failure) = settled else { return recorder.settled(operation, .success) }
    if failure.isCancellation { return recorder.settled(operation, .cancelled) }
    recorder.settled(operation, .failure, message: recorder.isOn ? "\(failure.error)" : nil)
  }

  /// The reactor ended: it will not fire, whatever is done to it.
  package func abandon() {
    guard case .pending = state else { return }
    state = .abandoned
    onCancel = nil
    if ownsOperation { reactor.recorder.settled(operation, .cancelled) }
  }

  /// Whether a step's outcome, not its maker, fires it.
  var isDerived: Bool { false }

  // MARK: Cancelling

  /// Cancels the source of its value: that of the Deferred it waits for, up to one that was made. That fails with a
  /// `CancellationError`, unless its `onCancel` fires it otherwise, and so do all that derive from it.
  ///
  /// Does nothing once the value is there. A cancellation that nobody handles is not reported.
  public func cancel() {
    reactor.checkThread("Deferred.cancel")
    var node: any DeferredStep = self
    while let source = node.source { node = source }
    node.cancelHere()
  }

  func cancelHere() {
    guard case .pending = state else { return }
    if let onCancel {
      self.onCancel = nil
      onCancel(self)
    }
    wasCancelled = true
    if case .pending = state { settleAndRun(.failure(CancellationError())) }
  }

  /// The Deferred that has to settle before this one can, if it is still alive.
  var source: (any DeferredStep)? { inner }

  // MARK: Steps

  /// Adds a step, or runs it where the value is there already.
  func add<New>(_ step: Derived<Value, New>) {
    reactor.checkThread("Deferred.add")
    append(step)
    guard case .settled = state, !isRunningSteps else { return }
    var firing = Firing()
    firing.append(self)
    firing.run()
  }

  func append(_ step: any DeferredStep) {
    if firstStep == nil { firstStep = step } else { moreSteps.append(step) }
  }

  func takeSteps() -> (first: any DeferredStep, more: [any DeferredStep])? {
    guard let first = firstStep.take() else { return nil }
    let more = moreSteps
    moreSteps = []
    return (first, more)
  }

  func runSteps(_ firing: inout Firing) {
    isRunningSteps = true
    while let (first, more) = takeSteps() {
      first.proceed(&firing)
      for step in more { step.proceed(&firing) }
    }
    isRunningSteps = false
  }

  private func releaseSteps() {
    guard firstStep != nil else { return }
    firstStep?.sourceWasReleased()
    for step in moreSteps { step.sourceWasReleased() }
    reactor.releasing.release(&firstStep, &moreSteps)
  }

  // MARK: Waiting for another Deferred

  /// Takes over what a step's inner Deferred has, or waits for it, which makes this one an operation.
  func follow(_ inner: Deferred) {
    if inner === self { misuse("the step added in \(callSite) returned its own Deferred: it would wait for itself") }
    if inner.reactor !== reactor { misuse("the step added in \(callSite) returned a Deferred of another reactor") }
    if case .settled(let settled) = inner.state { return settle(settled) }
    operation = reactor.recorder.created(.deferred, site)
    ownsOperation = true
    reactor.recorder.awaits(operation, on: inner.unsettledOperation)
    self.inner = inner
    inner.append(self)
  }

  /// The operation that has to settle before this Deferred can.
  private var unsettledOperation: RingOperation {
    var node: any DeferredStep = self
    while !node.isOperation, let source = node.source { node = source }
    return node.operation
  }

  var isOperation: Bool { ownsOperation }

  func sourceWasReleased() {
    inner = nil
  }

  /// What it waited for has settled.
  func proceed(_ firing: inout Firing) {
    guard case .pending = state, let inner, case .settled(let settled) = inner.state else { return }
    self.inner = nil
    settle(settled)
    firing.append(self)
  }
}

extension Deferred: DeferredStep {}

/// A Deferred as what follows another one, whatever the two hold.
protocol DeferredStep: AnyObject {
  var source: (any DeferredStep)? { get }
  var operation: RingOperation { get }
  var isOperation: Bool { get }
  func proceed(_ firing: inout Firing)
  func runSteps(_ firing: inout Firing)
  func sourceWasReleased()
  func cancelHere()
  func takeSteps() -> (first: any DeferredStep, more: [any DeferredStep])?
}
