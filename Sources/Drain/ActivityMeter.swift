import Trace

/// Measures what a chunk's header says of its loop, from one chunk to the next.
struct ActivityMeter {
  private struct Open {
    var id: SpanID
    var began: Instant
    var nested = Nanoseconds.zero
  }

  /// Beyond this depth spans are not timed: only a loop that never polls and never ends its spans gets there.
  private static let depthLimit = 4_096
  /// From this self time on a span is slow.
  private static let slow = Nanoseconds.milliseconds(50)

  private var activity = Activity()
  private var last: Instant?
  private var tick: Instant?
  private var polling = false
  private var open: [Open] = []

  /// Takes in the next event of the loop.
  mutating func observe(_ event: Event) {
    let time = event.time
    if let last, !polling, time > last { activity.busy = activity.busy + (time - last) }
    last = time
    switch event.body {
    case .pollEntered:
      endTick(time)
      tick = nil
      polling = true
      open.removeAll(keepingCapacity: true)
    case .pollReturned:
      tick = time
      polling = false
    case .began(let span):
      activity.spans &+= 1
      if open.count < Self.depthLimit { open.append(Open(id: span.id, began: time)) }
    case .ended(let span, threw: _): end(span, time)
    default: break
    }
  }

  /// What was measured since the last time.
  mutating func take() -> Activity {
    if let last { endTick(last) }
    defer { activity = Activity() }
    return activity
  }

  private mutating func endTick(_ time: Instant) {
    if let tick { activity.longestTick = max(activity.longestTick, time - tick) }
  }

  private mutating func end(_ id: SpanID, _ time: Instant) {
    guard let span = open.last, span.id == id else { return }
    open.removeLast()
    let duration = time - span.began
    if duration - span.nested > Self.slow { activity.slowSpans &+= 1 }
    if !open.isEmpty { open[open.count - 1].nested = open[open.count - 1].nested + duration }
  }
}
