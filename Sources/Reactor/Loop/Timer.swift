import Recorder
import Trace

/// A callback that the loop will run when it is due, once or again and again.
///
/// Letting go of it does not cancel it. For the reactor's own thread.
///
/// ```swift
/// let timer = reactor.callLater(.seconds(30)) { print("nobody spoke for half a minute") }
/// try reactor.listen(host: "127.0.0.1", port: 0) { connection in
///   connection.onBytes { _ in timer.reschedule(after: .seconds(30)) }
///   connection.onClose { _ in timer.cancel() }
/// }
/// ```
public final class Timer {
  // What its queue needs of every timer that it passes comes first, in one line of the cache.
  /// The time to the due moment: from its setting, or, where it repeats, from the due moment before.
  @exclusivity(unchecked) var delay: Nanoseconds
  /// When it comes due next, or came due last.
  @exclusivity(unchecked) public internal(set) var due: Instant
  /// Its number among the timers set.
  @exclusivity(unchecked) var sequence: UInt64 = 0
  @exclusivity(unchecked) var place = TimerPlace.outside
  /// Its neighbours in the run of its delay.
  @exclusivity(unchecked) var previous: Unmanaged<Timer>?
  @exclusivity(unchecked) var next: Unmanaged<Timer>?
  /// Gone once it has run for the last time; and out of here while it runs, whatever becomes of the timer meanwhile.
  @exclusivity(unchecked) var work: (() throws -> Void)?
  @exclusivity(unchecked) var registration: Registration
  let repeats: Bool
  let reactor: Reactor

  init(
    _ reactor: Reactor, due: Instant, _ delay: Nanoseconds, repeats: Bool, _ registration: Registration,
    _ work: @escaping () throws -> Void
  ) {
    self.reactor = reactor
    self.due = due
    self.delay = delay
    self.repeats = repeats
    self.registration = registration
    self.work = work
  }

  /// Whether it will still run.
  public var isPending: Bool { place != .outside }

  /// Sees to it that it will not run (again). Does nothing when it has run or was cancelled. O(log n) for n timers.
  public func cancel() {
    guard isPending else { return }
    reactor.cancel(self)
  }

  /// Links a timer behind this one, the last of its run, if it is of the same delay and due no sooner.
  func append(_ other: Unmanaged<Timer>) -> Bool {
    other._withUnsafeGuaranteedRef { other in
      guard other.delay == delay, other.due >= due else { return false }
      next = .passUnretained(other)
      return true
    }
  }
}

extension Reactor {
  /// Runs `work` once, `delay` after the beginning of this tick (`now`); in the next tick at the earliest.
  ///
  /// A `delay` below zero counts as zero. What `work` throws is an unhandled failure. Nothing is set on a reactor that has ended.
  ///
  /// ```swift
  /// reactor.callLater(.milliseconds(500)) { print("half a second later") }
  /// ```
  @discardableResult
  public func callLater(
    _ delay: Nanoseconds, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping () throws -> Void
  ) -> Timer {
    set(max(delay, .zero), repeats: false, CallSite(function, file, line), recorder.site(function, file, line), work)
  }

  /// Runs `work` every `period` (above zero), first one period after `now`, until it is cancelled.
  ///
  /// It does not drift: each due moment is a whole number of periods after the first. Those that went by while the
  /// loop was busy are left out, not made up for. Each delivery begins a chain. What it throws is an unhandled failure, and it
  /// goes on.
  ///
  /// ```swift
  /// var left = 3
  /// var timer: Timer?
  /// timer = reactor.callEvery(.seconds(1)) {
  ///   left -= 1
  ///   if left == 0 { timer?.cancel() }
  /// }
  /// ```
  @discardableResult
  public func callEvery(
    _ period: Nanoseconds, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping () throws -> Void
  ) -> Timer {
    if period <= .zero { misuse("callEvery with a period of \(period.count) ns") }
    return set(period, repeats: true, CallSite(function, file, line), recorder.site(function, file, line), work)
  }

  func set(
    _ delay: Nanoseconds, repeats: Bool, _ callSite: CallSite, _ site: RingSite, _ work: @escaping () throws -> Void
  ) -> Timer {
    checkThread("callLater or callEvery")
    let due = now.later(by: delay)
    let operation = hasEnded ? .none : recorder.created(.timer, site, standing: repeats, due: due)
    let registration = Registration(callSite, site, recorder.chain, operation)
    let timer = Timer(self, due: due, delay, repeats: repeats, registration, work)
    if !hasEnded { timers.insert(timer) }
    return timer
  }

  func cancel(_ timer: Timer) {
    checkThread("Timer.cancel")
    letGo(of: timers.remove(timer))
  }

  /// A timer was taken out of the queue that will never run (again).
  func letGo(of timer: consuming Timer) {
    // It runs: who runs it has its callback, and lets go of both.
    if timer.work == nil { _ = Unmanaged.passRetained(timer) }
    timer.work = nil
    recorder.settled(timer.registration.operation, .cancelled)
  }

  /// Runs the timers that are due and were set before now; returns whether there were any.
  func runTimers() -> Bool {
    let limit = timers.nextSequence
    let now = self.now
    var ran = false
    while let first = timers.firstDue(at: now, before: limit) {
      ran = true
      // Without a retain: the queue holds it, and who takes it out while it runs leaves that to `runRepeating`.
      first._withUnsafeGuaranteedRef { timer in
        if timer.repeats { runRepeating(timer, now) } else { runOnce(timers.remove(timer)) }
      }
    }
    return ran
  }

  private func runOnce(_ timer: consuming Timer) {
    let registration = timer.registration
    recorder.began(
      registration.site, .timer, .timer, operation: registration.operation, chain: registration.chain, due: timer.due)
    recorder.settled(registration.operation, .success)
    run(registration) { try timer.work.take()?() }
  }

  @inline(__always)
  private func runRepeating(_ timer: Timer, _ now: Instant) {
    let due = timer.due
    timer.due = due.later(by: timer.delay)
    if timer.due <= now {
      let missed = (now - due).count / timer.delay.count
      timer.due = due.later(by: Nanoseconds(timer.delay.count * missed)).later(by: timer.delay)
    }
    // Set again before it runs, so that it can cancel itself.
    timers.putOff(timer)
    let registration = timer.registration
    var work = timer.work.take()
    recorder.beganChain(registration.site, .timer, .timer, operation: registration.operation, due: due)
    run(registration) {
      defer { if timer.isPending { timer.work = work.take() } else { work = nil } }
      try work?()
    }
    if !timer.isPending { Unmanaged.passUnretained(timer).release() }
  }
}
