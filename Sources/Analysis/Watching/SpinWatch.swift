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
    /// How often the thread had left its CPU of its own will, at the first reading in the run and at the last, and the passes
    /// that there had been.
    var readings: (first: (waits: UInt32, passes: UInt64), last: (waits: UInt32, passes: UInt64))?

    var length: Nanoseconds { to - from }
    /// A poll that found its descriptor ready takes a microsecond; a peer that answers takes longer. In slow programs that
    /// is not to be told apart by the time: but who waits for a peer leaves the CPU.
    var isSpinning: Bool { passes >= 1_000 && (instant >= passes / 10 * 9 || hardlyWaited) }

    private var hardlyWaited: Bool {
      guard let readings else { return false }
      let between = readings.last.passes - readings.first.passes
      return between >= passes / 2 && UInt64(readings.last.waits &- readings.first.waits) <= between / 10
    }
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

  /// The thread's usage was read.
  mutating func read(_ usage: Usage) {
    guard let known = run else { return }
    let reading = (waits: usage.voluntarySwitches, passes: known.passes)
    run?.readings = (known.readings?.first ?? reading, reading)
  }

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
