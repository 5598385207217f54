import Recorder
import Trace

/// A Deferred whatever its value: all of it that does not depend on what the value is.
///
/// Generic code is slow where the compiler cannot specialise it, so here is everything that takes time, and
/// `Deferred` is a thin layer over it that is compiled into the program.
///
/// Who keeps whom alive: a Deferred its steps, down to the last; never a step the Deferred that it follows. So one that nobody
/// can fire any more goes away, with all its steps. It keeps its reactor alive.
public class AnyDeferred {
  @usableFromInline enum State {
    case pending
    /// The value stands in the subclass.
    case value
    case failure(Failure)
    /// Its reactor ended; it will never fire.
    case abandoned
  }

  @usableFromInline struct Flags: OptionSet, Sendable {
    @usableFromInline let rawValue: UInt16
    @inlinable init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Its operation is its own, not that of a Deferred before it.
    static let ownsOperation = Flags(rawValue: 1)
    /// A step's outcome, not its maker, fires it.
    static let isDerived = Flags(rawValue: 2)
    /// Who would have fired it may still do so, to no effect.
    static let wasCancelled = Flags(rawValue: 4)
    /// Who fires it does so even after a cancel, which is a request here.
    static let firesAfterCancel = Flags(rawValue: 8)
    /// While its steps run, one that is added waits for its turn.
    static let isRunningSteps = Flags(rawValue: 16)
    /// Its source is the Deferred that its step returned.
    static let isFollowing = Flags(rawValue: 32)
    /// Its source went away unfired.
    static let isOrphan = Flags(rawValue: 64)
    /// Its step is none of the program's: not in the trace.
    static let isSilent = Flags(rawValue: 512)
    /// The outcomes of its source that its step runs on; it passes the others on.
    @inlinable static var onValue: Flags { Flags(rawValue: 128) }
    @inlinable static var onFailure: Flags { Flags(rawValue: 256) }
    @inlinable static var onBoth: Flags { Flags(rawValue: 384) }
  }

  /// What makes `target` out of its settled source: gives it a value, throws, or returns the Deferred to wait for.
  @usableFromInline typealias Step = (_ source: AnyDeferred, _ target: AnyDeferred) throws -> AnyDeferred?

  final let reactor: Reactor
  /// Where it was made, or its step added.
  final let callSite: CallSite
  /// Where the Deferred at the beginning of its chain was made.
  final let origin: CallSite
  final let site: RingSite
  final let chain: RingChain
  // Unchecked: no access to one of these lasts longer than reading or writing it, and checking costs a quarter of a step.
  @exclusivity(unchecked) @usableFromInline final var state = State.pending
  @exclusivity(unchecked) final var flags: Flags
  /// The operation whose settling brings its value: its own, or that of the nearest Deferred before it that has one.
  @exclusivity(unchecked) final var operation: RingOperation
  /// The Deferred that has to settle before this one can, if it is alive. Unowned because that one owns this one, as a step.
  @exclusivity(unchecked) final unowned(unsafe) var source: AnyDeferred?
  /// There until it is run.
  @exclusivity(unchecked) final var step: Step?
  // Nearly always there is one step: an array only for more.
  @exclusivity(unchecked) final var firstStep: AnyDeferred?
  @exclusivity(unchecked) final var moreSteps: [AnyDeferred] = []

  /// A root: an operation of `kind` from here on.
  init(_ reactor: Reactor, _ kind: OperationKind, _ callSite: CallSite, _ site: RingSite, descriptor: Int32?) {
    reactor.checkThread("Deferred.init")
    self.reactor = reactor
    self.callSite = callSite
    self.site = site
    origin = callSite
    chain = .none
    operation = reactor.recorder.created(kind, site, descriptor: descriptor)
    flags = .ownsOperation
  }

  /// A root for the program to fire.
  @usableFromInline
  init(_ reactor: Reactor, _ function: StaticString, _ file: StaticString, _ line: UInt) {
    reactor.checkThread("Deferred.init")
    self.reactor = reactor
    callSite = CallSite(function, file, line)
    origin = callSite
    site = reactor.recorder.site(function, file, line)
    chain = .none
    operation = reactor.recorder.created(.deferred, site)
    flags = .ownsOperation
  }

  /// A root that settles at once: no operation, because it is never pending.
  init(settledOn reactor: Reactor, _ function: StaticString, _ file: StaticString, _ line: UInt) {
    reactor.checkThread("Deferred.init")
    self.reactor = reactor
    callSite = CallSite(function, file, line)
    origin = callSite
    site = reactor.recorder.site(function, file, line)
    chain = .none
    operation = .none
    flags = []
  }

  /// What comes out of a step of `source`.
  @usableFromInline
  init(
    after source: AnyDeferred, _ condition: Flags, _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ step: @escaping Step
  ) {
    let recorder = source.reactor.recorder
    reactor = source.reactor
    callSite = CallSite(function, file, line)
    origin = source.origin
    site = recorder.site(function, file, line)
    chain = recorder.chain
    operation = source.operation
    flags = condition.union(.isDerived)
    self.source = source
    self.step = step
  }

  deinit {
    if case .pending = state, flags.contains(.ownsOperation) { recordDrop() }
    if firstStep != nil { reactor.releasing.release(&firstStep, &moreSteps) }
  }

  @usableFromInline final var isPending: Bool {
    @inlinable get { if case .pending = state { true } else { false } }
  }

  // MARK: What depends on the value

  /// Takes over the value of another Deferred of the same type.
  func takeValue(of other: AnyDeferred) {}
  /// Asks its maker to stop the source of the value; may fire.
  func askToCancel() {}
  /// Nobody can fire it any more.
  func wasOrphaned() {}
  /// Its outcome, for people.
  var outcomeText: String { "" }

  // MARK: Firing

  /// Whether its maker may fire it now; misuse where a step has to, or where it was fired before.
  @usableFromInline final func mayFire(with outcome: @autoclosure () -> String) -> Bool {
    reactor.checkThread("Deferred.fire")
    if flags.contains(.isDerived) {
      misuse("the Deferred after the step added in \(callSite) is fired by that step, by nobody else")
    }
    if flags.contains(.wasCancelled) { return false }
    switch state {
    case .pending: return true
    case .value, .failure: misuse("the Deferred made in \(callSite) was fired with \(outcome()) after \(outcomeText)")
    case .abandoned: return false
    }
  }

  /// It has settled: tells the trace, and runs its steps.
  @usableFromInline final func fired() {
    if flags.contains(.ownsOperation) { record() }
    runSteps()
  }

  @usableFromInline final func fail(_ error: any Error) {
    state = .failure(Failure(error, from: self))
    fired()
  }

  final func record() {
    let recorder = reactor.recorder
    guard recorder.isOn else { return }
    guard case .failure(let failure) = state else { return recorder.settled(operation, .success) }
    if failure.isCancellation { return recorder.settled(operation, .cancelled) }
    recorder.settled(operation, .failure, message: "\(failure.error)")
  }

  private final func recordDrop() {
    // What was still waiting when the reactor ended was not dropped by anybody.
    reactor.recorder.settled(operation, reactor.hasEnded ? .cancelled : .dropped)
    if firstStep == nil || flags.contains(.isDerived) || reactor.hasEnded { return }
    reactor.onDroppedDeferred(callSite)
  }

  /// The reactor ended: it will not fire, whatever is done to it.
  package final func abandon() {
    guard isPending else { return }
    state = .abandoned
    if flags.contains(.ownsOperation) { reactor.recorder.settled(operation, .cancelled) }
  }

  // MARK: Cancelling

  /// Cancels the source of its value: that of the Deferred it waits for, up to one that was made. That fails with a
  /// `CancellationError`, unless its `onCancel` fires it otherwise, and so do all that derive from it.
  ///
  /// Does nothing once the value is there. A cancellation that nobody handles is not reported.
  ///
  /// ```swift
  /// let page = reactor.inThread { "a page" }.addCallback { $0.count }
  /// page.cancel()
  /// ```
  public final func cancel() {
    reactor.checkThread("Deferred.cancel")
    var node = self
    while let source = node.source { node = source }
    node.cancelHere()
  }

  private final func cancelHere() {
    guard isPending else { return }
    askToCancel()
    if flags.contains(.firesAfterCancel) { return }
    flags.insert(.wasCancelled)
    if isPending { fail(CancellationError()) }
  }
}
