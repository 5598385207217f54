import Trace

/// Who ran last and who ran last of another chain: whether a wait since a moment was made by another chain than its own.
struct LastRuns {
  private var end = Instant(.min)
  private var chain = ChainNumber.none
  /// Of any chain but `chain`.
  private var otherEnd = Instant(.min)

  /// A piece of a span ended, or has gone on until now.
  @inline(__always)
  mutating func add(_ chain: ChainNumber, until time: Instant) {
    if chain == .none || chain != self.chain {
      otherEnd = end
      self.chain = chain
    }
    end = time
  }

  /// Until when anything ran that is not of the chain; without one, until when anything ran at all.
  @inline(__always)
  func end(otherThan chain: ChainNumber) -> Instant { chain != .none && chain == self.chain ? otherEnd : end }

  /// Takes in what ran elsewhere.
  mutating func merge(_ other: LastRuns) {
    let later = other.end > end ? other : self
    let earlier = other.end > end ? self : other
    let isSame = later.chain != .none && earlier.chain == later.chain
    self = later
    otherEnd = max(otherEnd, isSame ? earlier.otherEnd : earlier.end)
  }
}

/// The sites that ran on a loop, the last one first: a victim counts those that ran while it waited, and meets no others.
struct RecentSites {
  private struct Entry {
    var runs = LastRuns()
    var next: Int32 = -1
    var previous: Int32 = -1
    var isListed = false
  }

  /// By index into the counts of sites.
  private var entries = Slab<Entry>()
  private var first: Int32 = -1
  /// As many sites of one victim are counted.
  private static let limit = 64

  /// Makes this value the only one that knows its memory.
  mutating func own() { entries.own() }

  /// A piece of a span of the site ended, or has gone on until now.
  @inline(__always)
  mutating func add(_ site: Int32, chain: ChainNumber, until time: Instant) {
    if first != site { moveToFront(site) }
    entries[Int(site)].runs.add(chain, until: time)
  }

  private mutating func moveToFront(_ site: Int32) {
    entries.grow(to: Int(site) + 1, Entry())
    let entry = entries[Int(site)]
    if entry.isListed {
      if entry.previous >= 0 { entries[Int(entry.previous)].next = entry.next }
      if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous }
    }
    if first >= 0 { entries[Int(first)].previous = site }
    entries[Int(site)].previous = -1
    entries[Int(site)].next = first
    entries[Int(site)].isListed = true
    first = site
  }

  /// Counts a callback that waited since a moment as a victim of every site of which another chain's span ran since; tells
  /// whether one of them ran in the pass that began at another moment.
  @inline(__always)
  func countVictim(since time: Instant, chain: ChainNumber, pass: Instant, in harms: inout HarmTable) -> Bool {
    var site = first
    var left = Self.limit
    var latest = Instant(.min)
    while site >= 0 && left > 0 {
      let entry = entries[Int(site)]
      guard entry.runs.end(otherThan: .none) > time else { break }
      let end = entry.runs.end(otherThan: chain)
      if end > time {
        harms.countVictim(at: Int(site))
        latest = max(latest, end)
      }
      site = entry.next
      left -= 1
    }
    return latest > pass
  }

  /// What ran since a moment, of whichever site.
  func runs(since time: Instant) -> LastRuns {
    var runs = LastRuns()
    var site = first
    while site >= 0, entries[Int(site)].runs.end(otherThan: .none) > time {
      runs.merge(entries[Int(site)].runs)
      site = entries[Int(site)].next
    }
    return runs
  }
}
