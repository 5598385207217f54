import Trace

/// What is known about one loop: where it is now, and what has been counted.
struct LoopAnalysis {
  /// Where a loop is.
  enum Phase {
    /// Not known: nothing has told yet, or events are missing.
    case unknown
    /// Outside of the poll; whether the pass is known from its poll's return.
    case busy(since: Instant, isWhole: Bool)
    /// In the poll.
    case polling(since: Instant)
  }

  let id: LoopID
  let first: Instant
  var last: Instant
  var phase = Phase.unknown
  /// Up to here all time is counted as busy, idle or neither.
  private var counted: Instant
  var hasEnded = false
  var ticks: UInt64 = 0
  var busy = Nanoseconds.zero
  var idle = Nanoseconds.zero
  var callbacks: UInt64 = 0
  var passes = Durations()
  var delays = QueueDelays()
  var stack = SpanStack()
  var stalls = StallDetector()
  var witness = CPUWitness()
  var track: TimelineTrack
  var cpu: (first: Nanoseconds, last: Nanoseconds)?
  var knowledge: LoopKnowledge
  /// Settled in this pass: their callbacks may still begin.
  var settled: [OperationID] = []
  /// Chains that seem to be over: if they still are at the next poll, they are.
  var ending: [ChainTable.Reference] = []
  /// When its polls returned.
  var polls = PollHistory()
  /// Who let whom wait.
  var blame: LoopBlame
  /// Passes that took too long, timers that ran too late, a loop that spins, queues that grow.
  var overruns = Overruns()
  var late = LateTimers()
  var spin = SpinWatch()
  var trend = QueueTrend()
  var pool = PoolWatch()
  /// Entries of its ready queue.
  var queueDepth: UInt32 = 0
  /// What takes longer than it may, where somebody wants to know.
  var overlong: OverlongWatch?
  /// What the watched descriptors are.
  var labels: [Int32: String] = [:]

  /// A loop whose first event has this time; it may remember more of its past than it needs for sums.
  init(id: LoopID, first: Instant, remembers: Bool, overlong: OverlongWatch?) {
    self.overlong = overlong
    blame = LoopBlame(remembers: remembers)
    self.id = id
    self.first = first
    last = first
    counted = first
    track = TimelineTrack(origin: first)
    knowledge = LoopKnowledge(from: first)
  }

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    passes.own()
    delays.own()
    stack.own()
    stalls.census.own()
    track.own()
    blame.own()
  }

  /// The moment up to which what is open is judged: none that the loop itself did not see.
  func moment(_ now: Instant?) -> Instant {
    guard let now, !hasEnded else { return last }
    return max(now, last)
  }

  /// The moment by which somebody could have been woken: while the loop stands still, nobody can.
  func wakingMoment(_ now: Instant?, threshold: Nanoseconds) -> Instant {
    let moment = moment(now)
    if case .busy(let since, _) = phase, moment - since > threshold { return since }
    return moment
  }

  /// The loop runs callbacks: it has left its poll, or it is seen for the first time.
  @inline(__always)
  mutating func run(at time: Instant) {
    if case .busy = phase { return }
    leavePoll(at: time, isWhole: false)
  }

  /// The poll returned.
  mutating func leavePoll(at moment: Instant, isWhole: Bool = true) {
    stopPolling(at: moment)
    // A checkpoint may claim that something has been running since before.
    let time = max(moment, counted)
    phase = .busy(since: time, isWhole: isWhole)
    stalls.begin(at: time)
    blame.beginPass(at: time)
  }

  /// Counts the time in the poll up to here; nothing in any other phase.
  mutating func stopPolling(at time: Instant) {
    guard case .polling(let since) = phase, time > since else { return }
    idle = idle + (time - since)
    track.add(idleFrom: since, to: time)
    counted = time
  }

  /// The loop is in its poll.
  mutating func poll(at time: Instant) {
    phase = .polling(since: max(time, counted))
    blame.log.run(.poll, root: .poll, chain: -1, from: max(time, counted))
  }

  /// From here on the innermost open span has the loop, or nothing has.
  @inline(__always)
  mutating func noteOwner(from time: Instant) { blame.run(stack.owner, from: time) }

  /// The pass ends at the poll's enter, or where it is last known; returns it if it was a stall.
  mutating func endPass(
    at time: Instant, isTick: Bool, thresholds: Thresholds, sites: SiteStatistics
  ) -> StallRecord? {
    guard case .busy(let since, let isWhole) = phase else { return nil }
    let duration = time - since
    busy = busy + duration
    counted = time
    if isTick && isWhole {
      ticks += 1
      passes.record(duration)
    }
    if isTick && isWhole {
      overlong?.take(.ticks, Overlong.Instance(loop: id, began: since, length: duration), until: time, witness)
    }
    let stall = stalls.stall(
      at: time, ended: true, open: SpanStack(), threshold: thresholds.slow, loop: id, sites: sites, witness)
    if let stall { overruns.add(stall) }
    late.endPass(stall?.why)
    if isTick && isWhole { spin.endPass(from: since, to: time, threshold: thresholds.spinning) }
    track.add(busyFrom: since, to: time, tick: duration, isStall: stall != nil)
    return stall
  }

  /// Time outside and inside of the poll with what is open.
  func times(at now: Instant) -> (busy: Nanoseconds, idle: Nanoseconds) {
    switch phase {
    case .unknown: (busy, idle)
    case .busy(let since, _): (busy + (now - since), idle)
    case .polling(let since): (busy, idle + (now - since))
    }
  }

  /// The timeline with what is open.
  func track(at now: Instant, threshold: Nanoseconds) -> TimelineTrack {
    var track = track
    track.own()
    switch phase {
    case .unknown: break
    case .polling(let since): track.add(idleFrom: since, to: now)
    case .busy(let since, _):
      track.add(busyFrom: since, to: now, tick: now - since, isStall: now - since > threshold)
      for (span, own) in zip(stack.spans, stack.ownTimes(at: now)) {
        track.add(own: own, from: max(span.began, first), to: now)
      }
    }
    return track
  }
}
