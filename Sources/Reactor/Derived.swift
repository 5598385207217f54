import Recorder
import Trace

/// What comes out of a step, together with the step.
final class Derived<Input, Output>: Deferred<Output> {
  /// Which outcomes of the Deferred before it the step runs on; it passes the others on.
  enum Condition {
    case onValue, onFailure, onBoth
  }

  /// What a step comes to.
  enum Outcome {
    case settled(Settled<Output>)
    case deferred(Deferred<Output>)
  }

  /// The Deferred whose step it is, until that has settled. Unowned because that one owns this one.
  private unowned(unsafe) var previous: Deferred<Input>?
  private let condition: Condition
  private let chain: RingChain
  /// There until it is run.
  private var step: ((Settled<Input>) throws -> Outcome)?

  init(
    after previous: Deferred<Input>, _ condition: Condition, _ function: StaticString, _ file: StaticString,
    _ line: UInt, _ step: @escaping (Settled<Input>) throws -> Outcome
  ) {
    let recorder = previous.reactor.recorder
    self.previous = previous
    self.condition = condition
    self.step = step
    chain = recorder.chain
    super.init(
      after: previous.operation, previous.reactor, CallSite(function, file, line), recorder.site(function, file, line))
  }

  override var isDerived: Bool { true }
  override var source: (any DeferredStep)? { previous ?? super.source }

  override func sourceWasReleased() {
    previous = nil
    super.sourceWasReleased()
  }

  override func proceed(_ firing: inout Firing) {
    guard let previous, case .settled(let input) = previous.state else { return super.proceed(&firing) }
    self.previous = nil
    operation = previous.operation
    if runs(on: input) {
      runStep(on: input, &firing)
    } else if case .settled(let passed) = outcome(of: input).outcome {
      settle(passed)
    }
    if case .settled = state { firing.append(self) }
  }

  private func runs(on input: Settled<Input>) -> Bool {
    switch (condition, input) {
    case (.onBoth, _), (.onValue, .value), (.onFailure, .failure): true
    case (.onValue, .failure), (.onFailure, .value): false
    }
  }

  private func runStep(on input: Settled<Input>, _ firing: inout Firing) {
    let recorder = reactor.recorder
    if firing.hasRunStep {
      recorder.began(site, .deferred, reactor.trigger, operation: operation, chain: chain)
    } else {
      recorder.beganNow(site, .deferred, reactor.trigger, operation: operation, chain: chain)
    }
    firing.hasRunStep = true
    if case .failure(let failure) = input { failure.isHandled = true }
    let (outcome, threw) = outcome(of: input)
    // Unless the step cancelled what comes out of it.
    if case .pending = state {
      switch outcome {
      case .settled(let settled): settle(settled)
      case .deferred(let inner): follow(inner)
      }
    }
    recorder.ended(threw: threw)
  }

  /// Returning lets go of the step's closure, before the span ends.
  private func outcome(of input: Settled<Input>) -> (outcome: Outcome, threw: Bool) {
    let step = step.take()!
    do {
      return (try step(input), false)
    } catch {
      return (.settled(.failure(Failure(error, from: self))), true)
    }
  }
}
