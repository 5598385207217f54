/// Measures what a chunk's header says of its loop, from one chunk to the next.
package struct ChunkMeter {
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
  /// The last event's time; `nil` ahead of the first.
  private var last: Instant?
  private var tick: Instant?
  private var polling = false
  private var open = Nesting<Open>()
  /// A moment on both clocks before the chunk's begin, or the first one in it; and the last one.
  private var (opening, closing): (WallTime?, WallTime?)

  /// Nothing was measured yet.
  package init() {}

  /// Takes in the next events of the loop.
  package mutating func observe(_ events: ArraySlice<Event>) {
    for event in events {
      let time = event.time
      if let last, !polling, time > last { activity.busy = activity.busy + (time - last) }
      last = time
      switch event.body {
      case .pollEntered:
        endTick(time)
        tick = nil
        polling = true
        open.removeAll()
      case .pollReturned:
        tick = time
        polling = false
      case .began(let span):
        activity.spans &+= 1
        if open.count < Self.depthLimit { open.push(Open(id: span.id, began: time)) }
      case .ended(let span, threw: _): end(span, time)
      case .anchor(let anchor):
        closing = WallTime(monotonic: anchor.monotonic, realtime: anchor.realtime)
        opening = opening ?? closing
      default: break
      }
    }
  }

  /// Writes what was measured since the last time into a header.
  package mutating func fill(_ header: inout ChunkHeader) {
    if let last { endTick(last) }
    (header.activity, header.opening, header.closing) = (activity, opening, closing)
    (activity, opening) = (Activity(), closing)
  }

  private mutating func endTick(_ time: Instant) {
    if let tick { activity.longestTick = max(activity.longestTick, time - tick) }
  }

  @inline(__always) private mutating func end(_ id: SpanID, _ time: Instant) {
    guard let span = open.top, span.id == id else { return }
    open.pop()
    let duration = time - span.began
    if duration - span.nested > Self.slow { activity.slowSpans &+= 1 }
    if var around = open.top {
      around.nested = around.nested + duration
      open.top = around
    }
  }
}
