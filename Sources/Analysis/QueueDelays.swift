import Trace

/// An entry of a loop's ready queue.
struct QueueEntry {
  var moment: Instant
  var chain: ChainTable.Reference?
  /// Whose queue it stands in.
  var loop: LoopID
  /// The callback that queued it.
  var creator: SpanID?
  var site: SiteID
  /// The pass of which it is a brood; see `PassCensus`.
  var brood: UInt32
  /// Its chain as it stood when it was queued.
  var waitingChain: BlameLog.WaitingChain?
}

/// How long the callbacks of one loop waited from when they were certainly ready.
struct QueueDelays {
  private(set) var all = Durations()
  private(set) var timers = Durations()

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    all.own()
    timers.own()
  }

  /// Counts one.
  @inline(__always)
  mutating func record(_ delay: Nanoseconds, of kind: CallbackKind) {
    all.record(delay)
    if kind == .timer { timers.record(delay) }
  }
}
