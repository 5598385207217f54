import Trace

/// An entry of a loop's ready queue.
struct QueueEntry {
  var moment: Instant
  var chain: ChainTable.Reference?
}

/// How long the callbacks of one loop waited from when they were certainly ready.
struct QueueDelays {
  private(set) var all = Durations()
  private(set) var timers = Durations()

  /// Counts what a span says of itself, or what is known of its queue entry or of the poll that reported it.
  ///
  /// A step that runs inside the callback that fired it was never queued and has no delay.
  @inline(__always)
  mutating func begin(
    _ span: Event.Began, at time: Instant, queued: Instant?, due: Instant?, polled: Instant?, isNested: Bool
  ) {
    let ready: Instant
    if let said = span.ready ?? queued {
      ready = said
    } else if isNested {
      return
    } else if span.kind == .timer, let due {
      ready = due
    } else if span.kind == .io || span.trigger == .poll, let polled {
      ready = polled
    } else {
      return
    }
    let delay = max(time - ready, .zero)
    all.record(delay)
    if span.kind == .timer { timers.record(delay) }
  }
}
