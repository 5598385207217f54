import Trace

/// A stall whose harm is not known for good: what was ready in it may still have to begin.
struct PendingStall {
  var record: StallRecord
  /// What ran in it.
  var runs: LastRuns
}

/// Who let whom wait on one loop.
struct LoopBlame {
  var log = BlameLog()
  /// Of what the log has forgotten.
  var shares = DelayShares()
  var recent = RecentSites()
  /// The first of the log's pieces of which `recent` does not know to the end.
  private var noted = 0
  /// The pass that goes on, and what harm it did, as far as the log has forgotten it.
  private(set) var pass = HarmWindow(from: Instant(.max), to: Instant(.max))
  /// In the order of time.
  private(set) var stalls: [PendingStall] = []

  /// So many pieces are kept at least, and a half more before they are swept: what begins looks back no farther in sane traces.
  private let usual: Int
  /// However long a pass takes, no more than these are kept.
  private static let limit = 1 << 17
  private var sweepAt: Int

  /// Nothing has run yet.
  init(remembers: Bool) {
    usual = remembers ? Self.limit : 4_096
    sweepAt = usual
  }

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    log.own()
    recent.own()
  }

  /// The loop left its poll, or is seen for the first time.
  mutating func beginPass(at time: Instant) {
    log.run(.overhead, root: .overhead, chain: -1, from: time)
    pass = HarmWindow(from: time, to: Instant(.max))
  }

  /// A span that has the loop.
  struct Owner {
    /// Indices into the counts of sites: its own, and that of the top-level span that it lies in.
    var site: Int32
    var root: Int32
    /// The slot of its chain, -1 without one, and its number.
    var chain: Int32
    var number: ChainNumber
    /// Its id.
    var span: SpanID
  }

  /// From here on the span has the loop; nothing has where there is none.
  @inline(__always)
  mutating func run(_ owner: Owner?, from time: Instant) {
    guard let owner else { return log.run(.overhead, root: .overhead, chain: -1, from: time) }
    log.run(
      BlameLog.Owner(index: owner.site), root: BlameLog.Owner(index: owner.root), chain: owner.chain,
      number: owner.number, span: owner.span, from: time)
  }

  /// Tells `recent` what has run up to a moment. Only when somebody looks: most pieces are told of together, and in passing.
  private mutating func catchUp(to time: Instant) {
    while noted < log.pieces.count {
      let piece = log.pieces[noted]
      let isLast = noted == log.pieces.count - 1
      let end = isLast ? time : log.pieces[noted + 1].from
      if piece.owner.isSpan, piece.from < end { recent.add(piece.owner.index, chain: piece.number, until: end) }
      if isLast { return }
      noted += 1
    }
  }

  /// A callback that may have been ready since a moment begins now, or is seen to wait: counts it as a victim.
  mutating func countVictim(
    since time: Instant, until now: Instant, chain: BlameLog.WaitingChain?, in harms: inout HarmTable
  ) {
    catchUp(to: now)
    let chain = chain?.number ?? .none
    let isOfPass = recent.countVictim(since: time, chain: chain, pass: max(time, pass.from), in: &harms)
    if isOfPass { pass.harm.victims += 1 }
    for index in stalls.indices where stalls[index].runs.end(otherThan: chain) > time {
      stalls[index].record.harm.victims += 1
    }
  }

  /// The pass has ended, and was a stall.
  mutating func addStall(_ record: StallRecord) {
    catchUp(to: record.end)
    var record = record
    record.harm = pass.harm
    stalls.append(PendingStall(record: record, runs: recent.runs(since: record.began)))
  }

  /// Events are missing, or the loop has ended: who has the loop is not known.
  mutating func lose(from time: Instant) {
    log.run(.gap, root: .gap, chain: -1, from: time)
  }

  // MARK: Sweeping

  /// Whether the log has grown so long that its begin is to be forgotten.
  @inline(__always)
  var isLong: Bool { log.pieces.count >= sweepAt }

  /// Sums up and forgets what nobody will look back at: all ahead of the pass before this one, which began at `before`.
  ///
  /// Returns the stalls whose harm is known for good.
  mutating func forget(before: Instant?, in harms: inout HarmTable) -> [StallRecord] {
    var count = before.map { max(log.index(of: $0), 0) } ?? log.pieces.count - 1
    if log.pieces.count >= Self.limit { count = max(count, log.pieces.count / 2) }
    if usual == Self.limit { count = min(count, log.pieces.count / 2) }
    sweepAt = max(usual, log.pieces.count - count + usual / 2)
    guard count > 0 else { return [] }
    catchUp(to: log.pieces[log.pieces.count - 1].from)
    noted -= count
    sweep(count, end: log.pieces[count].from, in: &harms)
    log.forget(count)
    let from = log.pieces[0].from
    let isOver = { (stall: PendingStall) in stall.record.end <= from }
    defer { stalls.removeAll(where: isOver) }
    return stalls.filter(isOver).map(\.record)
  }

  /// Sums up everything, as if the loop's time ended at `end`.
  mutating func sweepAll(until end: Instant, in harms: inout HarmTable) {
    sweep(log.pieces.count, end: end, in: &harms)
  }

  private mutating func sweep(_ count: Int, end: Instant, in harms: inout HarmTable) {
    var windows = stalls.map { HarmWindow(from: $0.record.began, to: $0.record.end, harm: $0.record.harm) }
    windows.append(pass)
    var sweep = BlameSweep(harms: harms, windows: windows, shares: shares)
    harms = HarmTable()
    sweep.sweep(&log, count: count, end: end)
    (harms, shares) = (sweep.harms, sweep.shares)
    for index in stalls.indices { stalls[index].record.harm = sweep.windows[index].harm }
    pass = sweep.windows[stalls.count]
  }
}
