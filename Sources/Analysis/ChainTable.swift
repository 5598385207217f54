import Trace

/// One chain in flight.
struct ChainRecord {
  var id: ChainID
  /// The id that it began with, where it was named inside its first callback.
  var alias: ChainID
  var number: ChainNumber
  var name: String?
  /// The site of its first callback.
  var site: SiteID
  var began: Instant
  var lastActivity: Instant
  /// Unsettled operations that are not standing.
  var pending: Int32 = 0
  /// Entries of the ready queue.
  var queued: Int32 = 0
  /// Spans that are open.
  var open: Int32 = 0
  var runningSince: Instant
  var running = Nanoseconds.zero
  /// Time in which one of its callbacks was ready and none ran.
  var waited = Nanoseconds.zero
  var hasFailed = false
  /// Whether it is nameless and its first callback still runs: a name given now is its own.
  var isFresh = false
  /// Where its last steps stand.
  var steps = StepStore.Place()
  var stepCount: UInt32 = 0

  /// The numbers of the steps that are kept.
  var keptSteps: Range<UInt32> { stepCount - min(stepCount, StepStore.Place.limit)..<stepCount }

  /// The part of an interval in which none of its callbacks ran or was known to be ready, as far back as its kept steps tell.
  func unaccounted(from: Instant, to: Instant, _ store: StepStore) -> Nanoseconds {
    let from = max(from, began)
    // From here to the interval's end all is accounted for or has been counted.
    var high = open > 0 ? min(to, runningSince) : to
    var sum = Nanoseconds.zero
    // By number: an array of the steps for each wait would be the dearest part of it.
    var number = stepCount
    let oldest = keptSteps.lowerBound
    while number > oldest && high > from {
      number -= 1
      let step = store[number, steps]
      guard step.depth == 0 else { continue }
      let end = step.duration.map { step.began + $0 } ?? to
      if end < high { sum = sum + (high - max(end, from)) }
      high = min(high, step.ready ?? step.began)
    }
    return oldest == 0 ? sum + max(high - from, .zero) : sum
  }

  /// A span of it begins; returns its step.
  @inline(__always)
  fileprivate mutating func enter(
    _ site: SiteID, _ kind: CallbackKind, ready: Instant?, at time: Instant, _ store: inout StepStore
  ) -> StepReference {
    if let ready, ready < time { waited = waited + unaccounted(from: ready, to: time, store) }
    let number = stepCount
    let step = StepRecord(site: site, kind: kind, ready: ready, began: time, depth: open)
    let index = store.put(step, number, in: &steps)
    stepCount = number &+ 1
    if number == 0 { self.site = site }
    if open == 0 { runningSince = time }
    open += 1
    lastActivity = time
    return StepReference(number: number, index: index)
  }

  /// A span of it ends.
  @inline(__always)
  fileprivate mutating func leave(_ step: StepReference, at time: Instant, _ store: inout StepStore) {
    let age = stepCount &- step.number
    if step.index >= 0 && age > 0 && age <= StepStore.Place.limit { store.end(at: step.index, time) }
    open = max(open - 1, 0)
    if open == 0 { running = running + (time - runningSince) }
    lastActivity = time
  }

  /// Whether nothing is left of it that could run again.
  var isOver: Bool { pending == 0 && queued == 0 && open == 0 }
}

/// All chains in flight.
struct ChainTable {
  /// Where a chain stands; good for as long as the id there is the same.
  struct Reference {
    var slot: Int32
    var id: ChainID
  }

  private(set) var pool = IDPool<ChainRecord>(limit: 1 << 18)
  private(set) var steps = StepStore()
  private(set) var completed: UInt64 = 0
  private(set) var failed: UInt64 = 0
  private var begun = ChainNumber.none

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    pool.own()
    steps.own()
  }

  subscript(slot: Int) -> ChainRecord {
    _read { yield pool[slot] }
    _modify { yield &pool[slot] }
  }

  /// The slot of a chain that is still in flight.
  @inline(__always)
  func slot(_ reference: ChainTable.Reference?) -> Int? {
    guard let reference else { return nil }
    let slot = Int(reference.slot)
    if slot >= 0, pool.isLive(slot), pool[slot].id == reference.id || pool[slot].alias == reference.id { return slot }
    return pool.slot(of: reference.id.raw)
  }

  /// The chain at a slot as blame knows it.
  @inline(__always)
  func waiting(_ slot: Int) -> BlameLog.WaitingChain {
    BlameLog.WaitingChain(slot: Int32(slot), number: pool[slot].number, began: pool[slot].began)
  }

  /// A reference to a chain, in flight or not.
  func reference(_ id: ChainID) -> Reference {
    Reference(slot: Int32(pool.slot(of: id.raw) ?? -1), id: id)
  }

  /// The chain of that id, begun here where it is not in flight; `nil` where there is no more room.
  mutating func begin(_ id: ChainID, at time: Instant, site: SiteID) -> Int? {
    if let slot = pool.slot(of: id.raw) { return slot }
    begun.advance()
    let record = ChainRecord(
      id: id, alias: id, number: begun, site: site, began: time, lastActivity: time, runningSince: time)
    guard let slot = pool.insert(id.raw, fresh: record) else { return nil }
    pool[slot] = record
    return slot
  }

  /// A span of the chain at a slot begins; returns its step.
  @inline(__always)
  mutating func enter(
    _ slot: Int, _ site: SiteID, _ kind: CallbackKind, ready: Instant?, at time: Instant
  ) -> StepReference {
    pool[slot].enter(site, kind, ready: ready, at: time, &steps)
  }

  /// A span of the chain at a slot ends.
  @inline(__always)
  mutating func leave(_ slot: Int, _ step: StepReference, at time: Instant) {
    pool[slot].leave(step, at: time, &steps)
  }

  /// The last steps of a chain in flight, in order.
  func steps(of chain: ChainRecord) -> [StepRecord] { chain.keptSteps.map { steps[$0, chain.steps] } }

  /// Gives a chain another id.
  mutating func rename(_ slot: Int, to id: ChainID) {
    guard pool[slot].id == pool[slot].alias, pool[slot].id != id else { return }
    pool.rename(slot, to: id.raw)
    pool[slot].id = id
  }

  /// Removes a chain that is over and counts it.
  mutating func finish(_ slot: Int) {
    if pool[slot].hasFailed { failed += 1 } else { completed += 1 }
    discard(slot)
  }

  /// Removes a chain as if it had never been.
  mutating func discard(_ slot: Int) {
    if pool[slot].alias != pool[slot].id { pool.removeKey(pool[slot].alias.raw) }
    pool[slot].name = nil
    steps.release(&pool[slot].steps)
    pool.remove(slot)
  }

  /// A chain that was counted as completed has turned out to have failed.
  mutating func recountAsFailed() {
    guard completed > 0 else { return }
    completed -= 1
    failed += 1
  }
}
