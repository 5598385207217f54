import Trace

/// Watches for a loop that goes round and round without waiting, and nothing comes of it.
struct SpinWatch {
  /// Consecutive passes that each ran at most one callback, always of the same site, and of which nothing came.
  struct Run {
    var from: Instant
    var to: Instant
    var passes: UInt64 = 0
    /// Those whose poll returned at once.
    var instant: UInt64 = 0
    /// Index into the counts of sites; -1 where none ran.
    var site: Int32 = -1

    var length: Nanoseconds { to - from }
    /// A poll that found its descriptor ready takes a microsecond; a peer that answers takes longer.
    var isSpinning: Bool { instant >= passes / 10 * 9 && passes >= 1_000 }
  }

  static let instantPoll = Nanoseconds.microseconds(5)

  private(set) var longest: Run?
  private(set) var total = Nanoseconds.zero
  private(set) var count: UInt64 = 0
  private var run: Run?
  private var spans: UInt32 = 0
  private var site: Int32 = -1
  private var isFruitful = false
  private var wasInstant = false

  /// Something came of a callback.
  @inline(__always)
  mutating func bearFruit() { isFruitful = true }

  /// A span began.
  @inline(__always)
  mutating func begin(_ site: Int32) {
    spans &+= 1
    self.site = site
  }

  /// The poll returned.
  @inline(__always)
  mutating func leavePoll(after duration: Nanoseconds) { wasInstant = duration < Self.instantPoll }

  /// The pass ended; a run that lasted is kept from `threshold` on.
  @inline(__always)
  mutating func endPass(from: Instant, to: Instant, threshold: Nanoseconds) {
    if isFruitful || spans > 1 || (run != nil && spans == 1 && run!.site >= 0 && run!.site != site) {
      if run != nil { finish(threshold) }
    } else {
      if run == nil { run = Run(from: from, to: to) }
      run!.to = to
      run!.passes += 1
      if wasInstant { run!.instant += 1 }
      if spans == 1 { run!.site = site }
    }
    spans = 0
    isFruitful = false
  }

  /// The run is over, or is judged.
  mutating func finish(_ threshold: Nanoseconds) {
    guard let run else { return }
    self.run = nil
    guard run.isSpinning, run.length > threshold else { return }
    count += 1
    total = total + run.length
    if run.length > longest?.length ?? .zero { longest = run }
  }
}
