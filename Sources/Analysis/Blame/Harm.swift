import Trace

/// What the spans of one site did to others, in all.
struct Harm {
  /// The blame that they got.
  var certain = Nanoseconds.zero
  /// The same counted from when their victims can first have been ready.
  var upTo = Nanoseconds.zero
  /// Callbacks of other chains that waited, or may have waited, while one of them ran.
  var victims: UInt64 = 0

  /// Adds blame.
  @inline(__always)
  mutating func add(_ certain: Nanoseconds, upTo: Nanoseconds) {
    self.certain = self.certain + certain
    self.upTo = self.upTo + upTo
  }
}

/// Harm by index into the counts of sites; behind them grows what has not been counted there yet.
struct HarmTable {
  private(set) var harms = Slab<Harm>()

  /// The harm at an index.
  subscript(index: Int) -> Harm { index < harms.count ? harms[index] : Harm() }

  /// Makes room for that many sites.
  @inline(__always)
  mutating func reserve(_ count: Int) {
    if count > harms.count { harms.grow(to: count, Harm()) }
  }

  /// Makes this value the only one that knows its memory.
  mutating func own() { harms.own() }

  /// Adds blame.
  @inline(__always)
  mutating func add(_ certain: Nanoseconds, upTo: Nanoseconds, at index: Int) {
    harms[index].add(certain, upTo: upTo)
  }

  /// Counts a victim.
  @inline(__always)
  mutating func countVictim(at index: Int) { harms[index].victims += 1 }
}

/// Where the time went that the callbacks of a loop waited, all of it: the parts add up to `total` to the nanosecond.
public struct DelayShares: Hashable, Sendable {
  /// From certain ready to begin, or to now, summed over the callbacks.
  public var total = Nanoseconds.zero
  /// While callbacks of other chains, or of none, ran.
  public var others = Nanoseconds.zero
  /// While callbacks of the same chain ran.
  public var ownChain = Nanoseconds.zero
  /// In the poll: the loop woke up late.
  public var poll = Nanoseconds.zero
  /// Outside of the poll, between callbacks.
  public var overhead = Nanoseconds.zero
  /// Where events are missing.
  public var gap = Nanoseconds.zero
  /// Too far back to be remembered, or before the trace.
  public var unknown = Nanoseconds.zero

  /// The sum of the parts.
  public var sum: Nanoseconds { others + ownChain + poll + overhead + gap + unknown }
}
