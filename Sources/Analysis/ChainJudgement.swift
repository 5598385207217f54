import Trace

/// What every chain in flight is doing at a moment, and what will never settle.
struct ChainJudgement {
  /// What one chain is doing.
  struct Verdict {
    var slot: Int
    var state: ChainReport.State
    var moment: Instant
    /// The operation that it waits for, followed to the leaf.
    var leaf: Int?
    /// That of its own from which it was followed.
    var root: Int?
  }

  /// Stalled chains that wait for operations of one site.
  struct StalledGroup {
    var oldest: Verdict
    var age: Nanoseconds
    var count: UInt64
  }

  /// Operations of one site that nobody is known to settle.
  struct NeverSettled {
    var oldest: Int
    var age: Nanoseconds
    var count: UInt64
  }

  private(set) var counts: ChainCounts
  /// The oldest first; at most as many as a report lists.
  private(set) var stalled = TopList<Verdict>(limit: Report.chainLimit)
  /// All of them; the oldest first.
  private(set) var stalledGroups: [StalledGroup] = []
  /// Those that are not stalled, the oldest first; at most as many as a report lists.
  private(set) var others = TopList<Verdict>(limit: Report.chainLimit)
  /// The oldest first.
  private(set) var neverSettled: [NeverSettled] = []
  /// Every chain that there is, those included that are over and not counted yet; where that is asked for.
  private(set) var all: [Verdict] = []
  /// By the chain's slot, of those that have entries in the ready queue: since when the first has been there.
  private(set) var queuedSince: [Int: Instant] = [:]
  /// Operations that wait for each other.
  private(set) var cycles: [[Int]] = []
  /// What the watched descriptors are, by loop.
  let labels: [LoopID: [Int32: String]]

  private let threshold: Nanoseconds
  /// By loop: the moment up to which it is judged, and the one by which it could have been woken.
  private let moments: [LoopID: (end: Instant, waking: Instant)]
  private let last: Instant

  private let listsAll: Bool

  init(_ analyzer: Analyzer, _ loops: [LoopAnalysis], at now: Instant?, listingAll: Bool = false) {
    listsAll = listingAll
    threshold = analyzer.thresholds.stalled
    counts = ChainCounts(
      completed: analyzer.chains.completed, failed: analyzer.chains.failed, inFlight: 0, waiting: 0, stalled: 0)
    labels = Dictionary(uniqueKeysWithValues: loops.map { ($0.id, $0.labels) })
    moments = Dictionary(
      uniqueKeysWithValues: loops.map { loop in
        (loop.id, (loop.moment(now), loop.wakingMoment(now, threshold: analyzer.thresholds.slow)))
      })
    last = loops.map(\.last).max() ?? Instant(0)
    let liveness = Liveness(operations: analyzer.operations, threshold: threshold)
    for slot in analyzer.queue.allSlots where analyzer.queue.isLive(slot) {
      guard let chain = analyzer.chains.slot(analyzer.queue[slot].chain) else { continue }
      queuedSince[chain] = min(queuedSince[chain] ?? Instant(.max), analyzer.queue[slot].moment)
    }
    let leaves = leaves(analyzer, liveness)
    let blamed = judge(analyzer.chains, leaves: leaves, liveness)
    collectNeverSettled(liveness, blamed: blamed)
    let pool = analyzer.operations.pool
    cycles = liveness.cycles(limit: 100) { [self] in moment(OperationID(raw: pool.id(at: $0)).loop).waking }
  }

  private func moment(_ loop: LoopID) -> (end: Instant, waking: Instant) { moments[loop] ?? (last, last) }

  /// What a chain waits for.
  private struct Leaf {
    var slot: Int
    /// The chain's own operation.
    var root: Int
    var isLive: Bool
    /// Whether it is alive for more than being young yet.
    var isSure: Bool
    var created: Instant

    func tellsMore(than other: Leaf) -> Bool {
      if isLive != other.isLive { return isLive }
      return isSure == other.isSure ? created < other.created : isSure
    }
  }

  /// By the chain's slot: of all its operations' leaves one that is surely alive, else a live one, else the oldest.
  private func leaves(_ analyzer: Analyzer, _ liveness: Liveness) -> [Leaf?] {
    var leaves = [Leaf?](repeating: nil, count: analyzer.chains.pool.allSlots.count)
    let operations = analyzer.operations.pool
    for slot in operations.allSlots where operations.isLive(slot) {
      let operation = operations[slot]
      guard !operation.isSettled, !operation.standing else { continue }
      guard let chain = analyzer.chains.slot(operation.chain) else { continue }
      let now = moment(OperationID(raw: operations.id(at: slot)).loop).waking
      let found = liveness.leaf(of: slot, at: now)
      let leaf = Leaf(
        slot: found.slot, root: slot, isLive: found.isLive,
        isSure: found.isLive && operations[found.slot].kind.hasKnownSource,
        created: operations[found.slot].created)
      if leaves[chain].map(leaf.tellsMore) ?? true { leaves[chain] = leaf }
    }
    return leaves
  }

  /// Judges all chains; returns the operations that stalled ones wait for.
  private mutating func judge(_ chains: ChainTable, leaves: [Leaf?], _ liveness: Liveness) -> Set<Int> {
    var blamed: Set<Int> = []
    var groups: [SiteID: StalledGroup] = [:]
    for slot in chains.pool.allSlots where chains.pool.isLive(slot) {
      let chain = chains[slot]
      let moment = moment(chain.id.loop)
      if chain.isOver {
        // The poll that would have counted it has not come.
        if chain.hasFailed { counts.failed += 1 } else { counts.completed += 1 }
        if listsAll {
          let state: ChainReport.State = chain.hasFailed ? .failed : .completed
          all.append(Verdict(slot: slot, state: state, moment: chain.lastActivity))
        }
        continue
      }
      let state = state(of: chain, leaf: leaves[slot], at: moment.waking)
      counts.inFlight += 1
      let verdict = Verdict(
        slot: slot, state: state, moment: moment.end, leaf: leaves[slot]?.slot, root: leaves[slot]?.root)
      if listsAll { all.append(verdict) }
      let age = moment.end - chain.began
      switch state {
      case .stalled:
        counts.stalled += 1
        stalled.insert(age, verdict)
        guard let leaf = verdict.leaf else { continue }
        blamed.insert(leaf)
        var group = groups[liveness.operations.pool[leaf].site] ?? StalledGroup(oldest: verdict, age: age, count: 0)
        group.count += 1
        if age > group.age { (group.oldest, group.age) = (verdict, age) }
        groups[liveness.operations.pool[leaf].site] = group
      case .waiting:
        counts.waiting += 1
        others.insert(age, verdict)
      default: others.insert(age, verdict)
      }
    }
    stalledGroups = groups.values.sorted { $0.age == $1.age ? $0.oldest.slot < $1.oldest.slot : $0.age > $1.age }
    return blamed
  }

  private func state(of chain: ChainRecord, leaf: Leaf?, at now: Instant) -> ChainReport.State {
    if chain.open > 0 { return .running }
    if chain.queued > 0 { return .queued }
    guard let leaf, !leaf.isLive, now - chain.lastActivity > threshold else { return .waiting }
    return .stalled
  }

  /// The leaves of stalled chains, and what else is overdue; by site and kind.
  private mutating func collectNeverSettled(_ liveness: Liveness, blamed: Set<Int>) {
    struct Place: Hashable {
      var site: SiteID
      var kind: OperationKind
    }
    let pool = liveness.operations.pool
    var groups: [Place: NeverSettled] = [:]
    for slot in pool.allSlots where pool.isLive(slot) && !pool[slot].isSettled && !pool[slot].standing {
      let now = moment(OperationID(raw: pool.id(at: slot)).loop)
      let age = now.end - pool[slot].created
      guard age > threshold else { continue }
      guard
        blamed.contains(slot)
          || liveness.isOverdue(slot, at: now.waking) && liveness.operations.awaited(by: slot).isEmpty
      else { continue }
      let place = Place(site: pool[slot].site, kind: pool[slot].kind)
      var group = groups[place] ?? NeverSettled(oldest: slot, age: age, count: 0)
      group.count += 1
      if age > group.age { (group.oldest, group.age) = (slot, age) }
      groups[place] = group
    }
    neverSettled = groups.values.sorted { $0.age == $1.age ? $0.oldest < $1.oldest : $0.age > $1.age }
  }
}
