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
  let reactor: Reactor
  /// The time from one due moment to the next; `nil` for a timer that runs once.
  let period: Nanoseconds?
  var registration: Registration
  /// Gone once it has run for the last time.
  var work: (() throws -> Void)?
  /// Its place in the heap; -1 outside.
  var index = -1
  /// When it comes due next, or came due last.
  public internal(set) var due: Instant

  init(
    _ reactor: Reactor, due: Instant, period: Nanoseconds?, _ registration: Registration,
    _ work: @escaping () throws -> Void
  ) {
    self.reactor = reactor
    self.due = due
    self.period = period
    self.registration = registration
    self.work = work
  }

  /// Whether it will still run.
  public var isPending: Bool { index >= 0 }

  /// Sees to it that it will not run (again). Does nothing when it has run or was cancelled. O(log n) for n timers.
  public func cancel() {
    guard isPending else { return }
    reactor.cancel(self)
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
    set(
      now.later(by: max(delay, .zero)), every: nil, CallSite(function, file, line), recorder.site(function, file, line),
      work)
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
    return set(
      now.later(by: period), every: period, CallSite(function, file, line), recorder.site(function, file, line), work)
  }

  func set(
    _ due: Instant, every period: Nanoseconds?, _ callSite: CallSite, _ site: RingSite,
    _ work: @escaping () throws -> Void
  ) -> Timer {
    checkThread("callLater or callEvery")
    let operation = hasEnded ? .none : recorder.created(.timer, site, standing: period != nil, due: due)
    let registration = Registration(callSite, site, recorder.chain, operation)
    let timer = Timer(self, due: due, period: period, registration, work)
    if !hasEnded { timers.insert(timer, due: due) }
    return timer
  }

  func cancel(_ timer: Timer) {
    checkThread("Timer.cancel")
    timers.remove(timer)
    timer.work = nil
    recorder.settled(timer.registration.operation, .cancelled)
  }

  /// Runs the timers that are due and were set before now; returns whether there were any.
  func runTimers() -> Bool {
    if timers.isEmpty { return false }
    let limit = timers.nextSequence
    let now = self.now
    var ran = false
    while let timer = timers.popDue(at: now, before: limit) {
      ran = true
      if let period = timer.period {
        runRepeating(timer, period, now)
      } else {
        runOnce(timer)
      }
    }
    return ran
  }

  private func runOnce(_ timer: Timer) {
    let registration = timer.registration
    recorder.began(
      registration.site, .timer, .timer, operation: registration.operation, chain: registration.chain, due: timer.due)
    recorder.settled(registration.operation, .success)
    run(registration) { try timer.work.take()?() }
  }

  private func runRepeating(_ timer: Timer, _ period: Nanoseconds, _ now: Instant) {
    let due = timer.due
    let missed = (now - due).count / period.count
    timer.due = due.later(by: Nanoseconds(period.count * missed)).later(by: period)
    // Set again before it runs, so that it can cancel itself.
    timers.insert(timer, due: timer.due)
    recorder.beganChain(timer.registration.site, .timer, .timer, operation: timer.registration.operation, due: due)
    run(timer.registration) { try timer.work?() }
  }
}
