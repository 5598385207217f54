/// One thing that the truth program did, as it saw it itself: moments of `CLOCK_MONOTONIC`.
struct TruthDeed {
  enum Kind: String, CaseIterable {
    /// Kept its loop, computing until the clock said enough.
    case computes
    /// Kept its loop, asleep.
    case sleeps
    /// Computed for so much CPU time, however long that took.
    case works
    /// Took long, though nothing of the kind was meant.
    case slow
    /// Kept its loop from its poll with a ready queue that feeds itself.
    case starves
    /// Was ready at `begin`, and began at `end`.
    case waits
    /// Ran at `end`, long after it was due, at `begin`.
    case late
    /// Made a Deferred and let go of it.
    case drops
    /// Made a Deferred and kept it, for nobody to fire.
    case forgets
    /// Failed, and nobody handled it.
    case fails
  }

  var kind: Kind
  var begin: Int64
  var end: Int64
  /// CPU time of the thread from one to the other.
  var cpu: Int64
  /// The name of the function that the trace has it under.
  var site: String

  var duration: Int64 { end - begin }
  /// Whether a loop that did this and nothing else stood still meanwhile.
  var keepsLoop: Bool { [.computes, .sleeps, .works, .slow, .starves].contains(kind) }
  /// Whether it was done by the loop that starves itself, and not by the one that does all else.
  var isOnSecondLoop: Bool { site == StarvingLoop.site }

  init(_ kind: Kind, _ site: String, _ begin: Int64, _ end: Int64, cpu: Int64 = 0) {
    (self.kind, self.site, self.begin, self.end, self.cpu) = (kind, site, begin, end, cpu)
  }

  /// As `line` has it.
  init?(line: Substring) {
    let words = line.split(separator: " ", maxSplits: 4)
    guard words.count == 5, let kind = Kind(rawValue: String(words[0])), let begin = Int64(words[1]),
      let end = Int64(words[2]), let cpu = Int64(words[3])
    else { return nil }
    self.init(kind, String(words[4]), begin, end, cpu: cpu)
  }

  var line: String { "\(kind.rawValue) \(begin) \(end) \(cpu) \(site)" }
}

/// Chance that is the same for the same seed: SplitMix64.
struct SeededChance: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A length of time in nanoseconds, from and to milliseconds.
  mutating func length(_ milliseconds: ClosedRange<Int64>) -> Int64 {
    .random(in: milliseconds.lowerBound * 1_000_000...milliseconds.upperBound * 1_000_000, using: &self)
  }
}
