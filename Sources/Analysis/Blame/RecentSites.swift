import Trace

/// Who ran last and who ran last of another chain: whether a wait since a moment was made by another chain than its own.
struct LastRuns {
  private var end = Instant(.min)
  private var chain: Int32?
  /// Of any chain but `chain`.
  private var otherEnd = Instant(.min)

  /// A piece of a span ended.
  @inline(__always)
  mutating func add(_ chain: Int32?, until time: Instant) {
    if chain == nil || chain != self.chain {
      otherEnd = end
      self.chain = chain
    }
    end = time
  }

  /// Whether anything ran after the moment.
  @inline(__always)
  func hasRun(since time: Instant) -> Bool { end > time }

  /// Whether anything that is not of the chain ran after the moment.
  @inline(__always)
  func hasRun(since time: Instant, otherThan chain: Int32?) -> Bool {
    (chain != nil && chain == self.chain ? otherEnd : end) > time
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

  /// A piece of a span of the site ended.
  @inline(__always)
  mutating func add(_ site: Int32, chain: Int32?, until time: Instant) {
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

  /// Counts a callback that waited since a moment as a victim of every site of which another chain's span ran since.
  @inline(__always)
  func countVictim(since time: Instant, chain: Int32?, in harms: inout HarmTable) {
    var site = first
    var left = Self.limit
    while site >= 0 && left > 0 {
      let entry = entries[Int(site)]
      guard entry.runs.hasRun(since: time) else { return }
      if entry.runs.hasRun(since: time, otherThan: chain) { harms.countVictim(at: Int(site)) }
      site = entry.next
      left -= 1
    }
  }
}
