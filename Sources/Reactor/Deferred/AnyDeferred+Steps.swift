import Recorder

// How a chain goes on: iteratively, each Deferred taking its outcome from its source.
extension AnyDeferred {
  /// Adds a step, or runs it where the outcome is there already.
  @usableFromInline final func add(_ step: AnyDeferred) {
    reactor.checkThread("Deferred.add")
    append(step)
    if !isPending { runSteps() }
  }

  private func append(_ step: AnyDeferred) {
    if firstStep == nil { firstStep = step } else { moreSteps.append(step) }
  }

  /// Runs what waits for it, and all that that settles, in constant stack.
  func runSteps() {
    if firstStep == nil || flags.contains(.isRunningSteps) { return }
    if case .abandoned = state { return }
    var firing = Firing()
    firing.append(self)
    firing.run()
  }

  /// Runs its own steps; those of what they settle are left to `firing`.
  func runSteps(_ firing: inout Firing) {
    flags.insert(.isRunningSteps)
    while let first = firstStep.take() {
      if moreSteps.isEmpty {
        first.proceed(&firing)
        continue
      }
      let more = moreSteps
      moreSteps = []
      first.proceed(&firing)
      for step in more { step.proceed(&firing) }
    }
    flags.remove(.isRunningSteps)
  }

  /// Its source has settled.
  private func proceed(_ firing: inout Firing) {
    guard isPending, let source else { return }
    self.source = nil
    if flags.contains(.isFollowing) {
      takeOutcome(of: source)
    } else {
      operation = source.operation
      if flags.contains(source.condition) { runStep(&firing, source) } else { passOn(source) }
    }
    if !isPending && firstStep != nil { firing.append(self) }
  }

  /// Which steps its outcome is for.
  private var condition: Flags {
    if case .failure = state { .onFailure } else { .onValue }
  }

  private func passOn(_ source: AnyDeferred) {
    step = nil
    takeOutcome(of: source)
  }

  private func takeOutcome(of other: AnyDeferred) {
    if case .value = other.state { takeValue(of: other) }
    settle(other.state)
  }

  private func settle(_ outcome: State) {
    state = outcome
    if flags.contains(.ownsOperation) { record() }
  }

  private func runStep(_ firing: inout Firing, _ source: AnyDeferred) {
    if case .failure(let failure) = source.state { failure.isHandled = true }
    if flags.contains(.isSilent) { return _ = takeStep(source) }
    let recorder = reactor.recorder
    if recorder.isOn {
      if firing.hasRunStep {
        recorder.began(site, .deferred, reactor.trigger, operation: operation, chain: chain)
      } else {
        recorder.beganNow(site, .deferred, reactor.trigger, operation: operation, chain: chain)
      }
    }
    firing.hasRunStep = true
    let threw = takeStep(source)
    recorder.ended(threw: threw)
  }

  /// Returning lets go of the step's closure, before the span ends.
  private func takeStep(_ source: AnyDeferred) -> Bool {
    do {
      let inner = try step.take().unsafelyUnwrapped(source, self)
      // Unless the step cancelled what comes out of it.
      if let inner, isPending { follow(inner) }
      return false
    } catch {
      if isPending { state = .failure(Failure(error, from: self)) }
      return true
    }
  }

  /// Takes over what a step's inner Deferred has, or waits for it, which makes this one an operation.
  private func follow(_ inner: AnyDeferred) {
    if inner === self { misuse("the step added in \(callSite) returned its own Deferred: it would wait for itself") }
    if inner.reactor !== reactor { misuse("the step added in \(callSite) returned a Deferred of another reactor") }
    if !inner.isPending { return takeOutcome(of: inner) }
    operation = reactor.recorder.created(.deferred, site)
    reactor.recorder.awaits(operation, on: inner.unsettledOperation)
    flags.formUnion([.ownsOperation, .isFollowing])
    source = inner
    inner.append(self)
    guard reactor.recorder.isOn else { return }
    var budget = AnyDeferred.followersTold
    tellFollowers(of: operation, &budget)
  }

  /// As many of those who wait are told of in the trace: a long chain whose every step waits would else cost its square.
  private static let followersTold = 32

  /// Who follows a step after this one waited for what brought its source's value; that is there, and now it is this operation
  /// that he waits for.
  private func tellFollowers(of operation: RingOperation, _ budget: inout Int) {
    if let firstStep { firstStep.follow(operation, &budget) }
    for step in moreSteps { step.follow(operation, &budget) }
  }

  private func follow(_ operation: RingOperation, _ budget: inout Int) {
    guard budget > 0 else { return }
    budget -= 1
    if flags.contains(.isFollowing) {
      reactor.recorder.awaits(self.operation, on: operation)
    } else {
      tellFollowers(of: operation, &budget)
    }
  }

  /// The operation that has to settle before this Deferred can.
  var unsettledOperation: RingOperation {
    var node = self
    while !node.flags.contains(.ownsOperation), let source = node.source { node = source }
    return node.operation
  }
}
