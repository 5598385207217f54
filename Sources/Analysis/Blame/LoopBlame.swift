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
  /// What ran in the pass that goes on, and what harm it did, as far as the log has forgotten it.
  private var passRuns = LastRuns()
  private(set) var pass = HarmWindow(from: Instant(.max), to: Instant(.max))
  /// The number of the running span's chain.
  private var running: Int32?
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
    passRuns = LastRuns()
    pass = HarmWindow(from: time, to: Instant(.max))
  }

  /// A span that has the loop.
  struct Owner {
    /// Indices into the counts of sites: its own, and that of the top-level span that it lies in.
    var site: Int32
    var root: Int32
    /// The slot of its chain, -1 without one, and its number.
    var chain: Int32
    var number: Int32?
    /// Its id.
    var span: SpanID
  }

  /// From here on the span has the loop; nothing has where there is none.
  @inline(__always)
  mutating func run(_ owner: Owner?, from time: Instant) {
    endPiece(at: time)
    running = owner?.number
    guard let owner else { return log.run(.overhead, root: .overhead, chain: -1, from: time) }
    log.run(
      BlameLog.Owner(index: owner.site), root: BlameLog.Owner(index: owner.root), chain: owner.chain,
      span: owner.span, from: time)
  }

  /// A piece ends, or is judged.
  @inline(__always)
  mutating func endPiece(at time: Instant) {
    let last = log.pieces.count - 1
    guard last >= 0, log.pieces[last].owner.isSpan, log.pieces[last].from < time else { return }
    recent.add(log.pieces[last].owner.index, chain: running, until: time)
    passRuns.add(running, until: time)
  }

  /// A callback that may have been ready since a moment begins, or is seen to wait: counts it as a victim.
  @inline(__always)
  mutating func countVictim(since time: Instant, chain: BlameLog.WaitingChain?, in harms: inout HarmTable) {
    let chain = chain?.number
    recent.countVictim(since: time, chain: chain, in: &harms)
    if passRuns.hasRun(since: max(time, pass.from), otherThan: chain) { pass.harm.victims += 1 }
    for index in stalls.indices where stalls[index].runs.hasRun(since: time, otherThan: chain) {
      stalls[index].record.harm.victims += 1
    }
  }

  /// The pass has ended, and was a stall.
  mutating func addStall(_ record: StallRecord) {
    var record = record
    record.harm = pass.harm
    stalls.append(PendingStall(record: record, runs: passRuns))
  }

  /// Events are missing, or the loop has ended: who has the loop is not known.
  mutating func lose(from time: Instant) {
    endPiece(at: time)
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
