import Recorder
import Trace

extension Timer {
  /// Puts a timer off, or sooner: it comes due `delay` after the beginning of this tick (`Reactor.now`), in the next tick at the
  /// earliest; one that repeats, from there on every period. A `delay` below zero counts as zero.
  ///
  /// As cancelling it and setting another with the same callback, and in a trace it is that, but nothing is allocated. Returns
  /// `false`, and does nothing, where it has run for the last time or was cancelled. O(log n) for n timers.
  ///
  /// ```swift
  /// let idle = reactor.callLater(.seconds(60)) { reactor.stop() }
  /// try reactor.listen(host: "127.0.0.1", port: 0) { connection in
  ///   connection.onBytes { _ in idle.reschedule(after: .seconds(60)) }
  /// }
  /// ```
  @discardableResult
  public func reschedule(after delay: Nanoseconds) -> Bool {
    guard isPending else { return false }
    reactor.reschedule(self, after: delay)
    return true
  }
}

extension Reactor {
  fileprivate func reschedule(_ timer: Timer, after delay: Nanoseconds) {
    checkThread("Timer.reschedule")
    timers.remove(timer)
    let delay = max(delay, .zero)
    timer.due = now.later(by: delay)
    if !timer.repeats { timer.delay = delay }
    let old = timer.registration
    recorder.settled(old.operation, .cancelled)
    let operation = recorder.created(.timer, old.site, standing: timer.repeats, due: timer.due)
    timer.registration = Registration(old.callSite, old.site, recorder.chain, operation)
    timers.insert(timer)
  }
}
