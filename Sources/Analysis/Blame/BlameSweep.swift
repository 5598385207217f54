import Trace

/// An interval of a loop whose harm is wanted, and what it has been found to be so far.
struct HarmWindow {
  var from: Instant
  var to: Instant
  var harm = Harm()
}

/// Sums up, piece by piece, who let how many wait for how long.
struct BlameSweep {
  var harms: HarmTable
  /// In the order of time, not overlapping.
  var windows: [HarmWindow]
  var shares: DelayShares
  private var window = 0
  /// Where the next window begins: most pieces lie ahead of all.
  private var nextFrom: Instant

  /// Goes on from what is known.
  init(harms: HarmTable, windows: [HarmWindow], shares: DelayShares) {
    self.harms = harms
    self.windows = windows
    self.shares = shares
    nextFrom = windows.first?.from ?? Instant(.max)
  }

  /// Sweeps the first `count` pieces of a log; the last piece of all ends at `end`.
  mutating func sweep(_ log: inout BlameLog, count: Int, end: Instant) {
    var waiting = log.waiting
    for index in 0..<count {
      let piece = log.pieces[index]
      waiting.change(certain: piece.waiting, atMost: piece.mayWait)
      let next = index + 1 < log.pieces.count ? log.pieces[index + 1].from : end
      let length = max(next - piece.from, .zero).count
      let certain = Int64(waiting.certain) &* length &- piece.late.count
      let atMost = Int64(waiting.atMost) &* length &- piece.mayBeLate.count
      let own = own(piece, length, &log)
      if certain != 0 || atMost != 0 { charge(piece, certain, atMost, own) }
    }
    log.waiting = waiting
  }

  /// What of the waits in a piece is the own chain's.
  @inline(__always)
  private func own(_ piece: BlameLog.Piece, _ length: Int64, _ log: inout BlameLog) -> (certain: Int64, atMost: Int64) {
    var late: (certain: Int64, atMost: Int64) = (0, 0)
    var place = piece.ownChange
    while place >= 0 {
      let change = log.ownChanges[Int(place)]
      place = change.next
      if Int(change.chain) >= log.waitingOfChain.count {
        log.waitingOfChain.grow(to: Int(change.chain) + 1, BlameLog.Waiting())
      }
      log.waitingOfChain[Int(change.chain)].change(certain: change.waiting, atMost: change.mayWait)
      guard change.chain == piece.chain else { continue }
      late.certain &+= Int64(change.waiting) &* change.offset.count
      late.atMost &+= Int64(change.mayWait) &* change.offset.count
    }
    guard piece.owner.isSpan, piece.chain >= 0, Int(piece.chain) < log.waitingOfChain.count else { return (0, 0) }
    let waiting = log.waitingOfChain[Int(piece.chain)]
    return (Int64(waiting.certain) &* length &- late.certain, Int64(waiting.atMost) &* length &- late.atMost)
  }

  @inline(__always)
  private mutating func charge(
    _ piece: BlameLog.Piece, _ certain: Int64, _ atMost: Int64, _ own: (certain: Int64, atMost: Int64)
  ) {
    switch piece.owner {
    case .poll: shares.poll = shares.poll + Nanoseconds(certain)
    case .overhead: shares.overhead = shares.overhead + Nanoseconds(certain)
    case .gap: shares.gap = shares.gap + Nanoseconds(certain)
    default:
      let harm = (certain: Nanoseconds(certain &- own.certain), atMost: Nanoseconds(atMost &- own.atMost))
      harms.add(harm.certain, upTo: harm.atMost, at: Int(piece.owner.index))
      shares.others = shares.others + harm.certain
      shares.ownChain = shares.ownChain + Nanoseconds(own.certain)
      if piece.from >= nextFrom { add(harm, at: piece.from) }
    }
  }

  private mutating func add(_ harm: (certain: Nanoseconds, atMost: Nanoseconds), at time: Instant) {
    while window < windows.count, windows[window].to <= time { window += 1 }
    guard window < windows.count, windows[window].from <= time else { return }
    windows[window].harm.add(harm.certain, upTo: harm.atMost)
  }
}
