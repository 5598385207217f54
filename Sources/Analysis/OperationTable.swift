import Trace

/// An operation that is pending, or settled so lately that its callbacks may still have to run.
struct OperationRecord {
  var created: Instant
  var kind: OperationKind
  var standing: Bool
  var isSettled = false
  var site: SiteID
  var chain: ChainTable.Reference?
  var due: Instant?
  var descriptor: Int32?
  /// The callback that created it.
  var creator: SpanID?
  /// What it last said to wait for.
  var awaits: OperationID?
}

/// All operations in flight, and what became of the others.
struct OperationTable {
  fileprivate(set) var pool = IDPool<OperationRecord>()
  private(set) var counts = OperationCounts(created: 0, succeeded: 0, failed: 0, cancelled: 0, dropped: 0, pending: 0)
  private(set) var histories = SettleHistories()
  /// What else an operation waits for that waits for several.
  private var alsoAwaits: [OperationID: [OperationID]] = [:]
  /// Operations created while the pool was full: they are counted and not followed.
  private var unfollowed: UInt64 = 0
  private static let awaitsLimit = 64

  /// Makes this value the only one that knows its memory.
  mutating func own() { pool.own() }

  /// Makes room for that many sites.
  mutating func reserve(sites: Int) { histories.reserve(sites: sites) }

  /// What became of an event about an operation.
  enum Settling {
    case settled(slot: Int)
    /// Known to have settled before.
    case again
    /// Not known, and it need not be.
    case excused
    case unknown
  }

  /// Adds an operation; false where it is known already.
  @inline(__always)
  mutating func create(_ operation: Event.Created, at time: Instant, chain: ChainTable.Reference?) -> Bool {
    if pool.slot(of: operation.id.raw) != nil { return false }
    counts.created += 1
    let record = OperationRecord(
      created: time, kind: operation.kind, standing: operation.standing, site: operation.site, chain: chain,
      due: operation.due, descriptor: operation.descriptor, creator: operation.creator)
    if let slot = pool.insert(operation.id.raw, fresh: record) {
      pool[slot] = record
      counts.pending += 1
    } else {
      unfollowed += 1
    }
    return true
  }

  /// Marks the operation as settled; it stays until it is purged, because its callbacks refer to it.
  @inline(__always)
  mutating func settle(_ id: OperationID, _ outcome: Outcome, at time: Instant) -> Settling {
    guard let slot = pool.slot(of: id.raw), !pool[slot].isSettled else {
      if pool.slot(of: id.raw) != nil { return .again }
      guard unfollowed > 0 else { return .unknown }
      unfollowed -= 1
      count(outcome)
      return .excused
    }
    pool[slot].isSettled = true
    counts.pending -= 1
    count(outcome)
    if !pool[slot].kind.hasKnownSource && !pool[slot].standing {
      histories.record(time - pool[slot].created, at: pool[slot].site)
    }
    return .settled(slot: slot)
  }

  private mutating func count(_ outcome: Outcome) {
    switch outcome {
    case .success: counts.succeeded += 1
    case .failure: counts.failed += 1
    case .cancelled: counts.cancelled += 1
    case .dropped: counts.dropped += 1
    }
  }

  /// Forgets a settled operation.
  mutating func purge(_ id: OperationID) {
    guard let slot = pool.slot(of: id.raw), pool[slot].isSettled else { return }
    pool.remove(slot)
    if !alsoAwaits.isEmpty { alsoAwaits[id] = nil }
  }

  /// Forgets an operation whose end was lost in a gap.
  mutating func lose(_ slot: Int) {
    if !pool[slot].isSettled { counts.pending -= 1 }
    alsoAwaits[OperationID(raw: pool.id(at: slot))] = nil
    pool.remove(slot)
  }

  /// Notes that the first operation waits for the second.
  mutating func await(_ id: OperationID, on other: OperationID) {
    guard let slot = pool.slot(of: id.raw) else { return }
    if let known = pool[slot].awaits, known != other, isPending(known) {
      var others = alsoAwaits[id, default: []]
      if others.count >= Self.awaitsLimit { others.removeFirst() }
      others.append(known)
      alsoAwaits[id] = others
    }
    pool[slot].awaits = other
  }

  private func isPending(_ id: OperationID) -> Bool {
    pool.slot(of: id.raw).map { !pool[$0].isSettled } ?? false
  }

  /// The unsettled operations that this one waits for.
  func awaited(by slot: Int) -> [Int] {
    guard let first = pool[slot].awaits else { return [] }
    let others = alsoAwaits.isEmpty ? [] : alsoAwaits[OperationID(raw: pool.id(at: slot))] ?? []
    return ([first] + others).compactMap { pool.slot(of: $0.raw) }.filter { !pool[$0].isSettled }
  }
}

extension OperationKind {
  /// Whether somebody outside of the program's callbacks is known who settles such an operation.
  var hasKnownSource: Bool {
    switch self {
    case .timer, .thread, .read, .write, .listener, .connect, .child, .signal: true
    case .unknown, .deferred, .task: false
    }
  }
}
