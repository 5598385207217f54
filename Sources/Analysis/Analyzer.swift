import Trace

/// Turns events into what they mean: ticks, callbacks by site, stalls, operations, chains, findings.
///
/// One pass over the batches of a trace, each loop's in order; its memory grows with what is in flight, never with the
/// trace's length. It reads no clock: what is open is judged at the moment that the caller names.
public struct Analyzer: Sendable {
  /// From where on something counts as wrong.
  public let thresholds: Thresholds
  var definitions = Definitions()
  var loops: [LoopAnalysis?] = []
  /// By the loop's number: index into `loops`.
  private var loopIndices: [Int32] = []
  var sites = SiteStatistics()
  var harms = HarmTable()
  var operations = OperationTable()
  var queue = IDPool<QueueEntry>()
  var chains = ChainTable()
  var endedChains = TopList<ChainReport>(limit: 256)
  var stalls = TopList<StallRecord>(limit: Report.stallLimit)
  var stallCount: UInt64 = 0
  /// Those that ended since somebody last took them away; `nil` where nobody does.
  var endedStalls: [StallRecord]?
  var failures = FailureMemory()
  var dropped = SiteIncidents()
  var unhandled = SiteIncidents()
  var events: UInt64 = 0
  var gaps: [LoopGap] = []
  var gapCount: UInt64 = 0
  var anchor: Anchor?
  var anomalies: [Anomaly: UInt64] = [:]
  /// Looks into single waits, where somebody wants to know.
  var collector: LedgerCollector?
  /// How long things may take, where somebody wants to know what took longer.
  var limits: Limits?
  /// Tells what happens, where somebody wants to be told.
  var teller: Teller?

  private static let loopLimit = 1_024
  static let gapLimit = 1_000

  /// Nothing has been read yet.
  public init(thresholds: Thresholds = Thresholds()) {
    self.thresholds = thresholds
  }

  /// Looks into single waits as well, which takes more memory: it remembers more of each loop's past.
  init(collecting request: LedgerRequest) {
    self.init()
    collector = LedgerCollector(request)
  }

  /// Takes the next events of a loop; their ids refer to `definitions`, which may have grown since the last call.
  public mutating func consume(_ batch: Batch, definitions: Definitions) {
    let known = (self.definitions.sites.count, self.definitions.loops.count)
    if known != (definitions.sites.count, definitions.loops.count) {
      self.definitions = definitions
    }
    own()
    sites.reserve(sites: definitions.sites.count)
    operations.reserve(sites: definitions.sites.count)
    events += UInt64(batch.events.count)
    guard let first = batch.events.first, let index = index(of: batch.loop, first: first.time.bounded) else { return }
    // Out of the array for the batch, so that every access to it is direct.
    guard var loop = loops[index].take() else { return }
    loop.own()
    let events = batch.events.span
    for index in events.indices {
      var time = events[index].time.bounded
      if time < loop.last {
        count(.timeWentBack)
        time = loop.last
      }
      loop.last = time
      consume(events[index].body, at: time, &loop, batch)
    }
    loops[index] = loop
  }

  /// Makes this value the only one that knows the memory of what each event changes.
  private mutating func own() {
    sites.own()
    harms.own()
    operations.own()
    queue.own()
    chains.own()
  }

  /// Where the loop stands; `nil` past as many as are followed.
  private mutating func index(of loop: LoopID, first: Instant) -> Int? {
    let number = Int(loop.number)
    if number < loopIndices.count, loopIndices[number] >= 0 { return Int(loopIndices[number]) }
    guard loops.count < Self.loopLimit else {
      count(.loopNotFollowed)
      return nil
    }
    let missing = number + 1 - loopIndices.count
    if missing > 0 { loopIndices.append(contentsOf: repeatElement(-1, count: missing)) }
    loopIndices[number] = Int32(loops.count)
    let remembers = collector != nil || teller?.subjects.contains(.blame) == true
    loops.append(
      LoopAnalysis(id: loop, first: first, remembers: remembers, overlong: limits.map(OverlongWatch.init)))
    return loops.count - 1
  }

  /// Whether events of the loop have been met: of others that are left out nothing is known.
  func isFollowed(_ loop: LoopID) -> Bool {
    Int(loop.number) < loopIndices.count && loopIndices[Int(loop.number)] >= 0
  }

  mutating func count(_ anomaly: Anomaly) { anomalies[anomaly, default: 0] += 1 }

  /// What the loops did over time, up to the moment as in `report(at:)`.
  public func timeline(at now: Instant?) -> Timeline {
    Timeline(
      tracks: loops.compactMap { $0 }.map { loop in
        (loop.id, loop.track(at: loop.moment(now?.bounded), threshold: thresholds.slow))
      })
  }

  @inline(__always)
  private mutating func consume(_ body: Event.Body, at time: Instant, _ loop: inout LoopAnalysis, _ batch: Batch) {
    switch body {
    case .began(let span): begin(span, at: time, &loop)
    case .ended(let span, let threw): end(span, threw: threw, at: time, &loop)
    case .created(let operation): create(operation, at: time, &loop)
    case .settled(let operation, let outcome, _): settle(operation, outcome, at: time, &loop)
    case .queued(let entry): enqueue(entry, at: time, &loop)
    case .pollEntered(let timeout): enterPoll(timeout, at: time, &loop)
    case .pollReturned: leavePoll(at: time, &loop)
    case .awaits(let operation, let other): operations.await(operation, on: other)
    case .chainNamed(let chain, let text): name(chain, batch.text(text), at: time, &loop)
    default: consumeRare(body, at: time, &loop, batch)
    }
  }

  private mutating func consumeRare(_ body: Event.Body, at time: Instant, _ loop: inout LoopAnalysis, _ batch: Batch) {
    switch body {
    case .loopBegan:
      loop.knowledge.begin()
      loop.hasEnded = false
    case .loopEnded:
      clearQueue(of: &loop, at: time)
      endPass(at: time, isTick: false, &loop)
      loop.stopPolling(at: time)
      loop.phase = .unknown
      loop.blame.lose(from: time)
      loop.hasEnded = true
    case .unhandled(let operation, let text): failUnhandled(operation, batch.text(text), at: time, &loop)
    case .watched(let descriptor, let text):
      if loop.labels.count < 1 << 16 { loop.labels[descriptor] = batch.text(text) }
    case .unwatched(let descriptor): loop.labels[descriptor] = nil
    case .pool(let queued, let running):
      loop.spin.bearFruit()
      loop.pool.change(queued: queued, running: running, at: time)
    case .poolBegan(let operation, let moment): takeUp(operation, at: min(moment.bounded, time), &loop)
    case .marked: loop.spin.bearFruit()
    case .used(let usage):
      loop.cpu = (loop.cpu?.first ?? usage.cpu, usage.cpu)
      loop.witness.read(usage, at: time)
      loop.overlong?.judgeAll(by: loop.witness)
      loop.spin.read(usage)
    case .anchor(let anchor): self.anchor = self.anchor ?? anchor
    case .gap(let gap): lose(gap, at: time, &loop)
    case .checkpoint(let index):
      if batch.checkpoints.indices.contains(Int(index)) { adopt(batch.checkpoints[Int(index)], at: time, &loop) }
    default: break
    }
  }
}
