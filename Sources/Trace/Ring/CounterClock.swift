import CLinux

/// Turns a ring's raw times into moments on `CLOCK_MONOTONIC`.
///
/// Between two anchors the counter's rate is theirs; behind the last one it is taken to go on at the rate measured
/// over the longest stretch known. Slots keep 48 bits of the counter: a reading is the one nearest to the last.
struct CounterClock {
  private let counter: RingCounter
  private let opened: Anchor
  private var base: Anchor
  /// Nanoseconds a count.
  private var rate: Double
  /// The last full reading.
  private(set) var last: UInt64

  /// A clock for a ring that was opened at `anchor`, in this boot where `sameBoot`: then the reader's own clocks tell
  /// the rate before the ring's second anchor does.
  init(_ counter: RingCounter, opened anchor: Anchor, sameBoot: Bool) {
    self.counter = counter
    opened = anchor
    base = anchor
    rate = 1
    last = anchor.counter
    if counter == .processor, sameBoot {
      let (counter, monotonic) = readTogether { ll_counter() }
      rate = CounterClock.slope(from: anchor, counter: counter, monotonic: monotonic) ?? 1
    }
  }

  private static func slope(from anchor: Anchor, counter: UInt64, monotonic: Instant) -> Double? {
    let counts = Double(counter &- anchor.counter)
    let elapsed = Double((monotonic - anchor.monotonic).count)
    // Shorter stretches tell too little, and no counter runs slower than 1 kHz or faster than 100 GHz.
    guard elapsed >= 1_000_000, counts > 0, (0.01...1_000_000).contains(elapsed / counts) else { return nil }
    return elapsed / counts
  }

  /// The ring's own anchor: from here on times are counted from it.
  mutating func pass(_ anchor: Anchor) {
    guard counter == .processor else { return }
    // The whole stretch since the ring was opened: the clock's own corrections are small beside the error of one reading.
    rate = CounterClock.slope(from: opened, counter: anchor.counter, monotonic: anchor.monotonic) ?? rate
    base = anchor
  }

  /// The full reading nearest to the last one.
  @inline(__always) func full(_ low: UInt64) -> UInt64 {
    let difference = Int64(bitPattern: (low &- last) << 16) >> 16
    return last &+ UInt64(bitPattern: difference)
  }

  /// The next reading of the loop itself.
  mutating func advance(to reading: UInt64) { last = reading }

  /// The moment of a reading.
  @inline(__always) func moment(_ reading: UInt64) -> Instant {
    guard counter == .processor else { return Instant(Int64(bitPattern: reading)) }
    let counts = Double(Int64(bitPattern: reading &- base.counter))
    return base.monotonic + Nanoseconds(Int64(nearest: counts * rate))
  }
}

/// A counter and `CLOCK_MONOTONIC` read at the same moment, as well as that can be had.
///
/// The counter is read between two readings of the clock, half whose distance is the error; again where somebody else had
/// the CPU in between.
public func readTogether(_ counter: () -> UInt64) -> (counter: UInt64, monotonic: Instant) {
  var best = (distance: Int64.max, counter: UInt64(0), monotonic: Instant(0))
  for _ in 0..<10 {
    let before = ll_monotonic()
    let reading = counter()
    let distance = ll_monotonic() - before
    if distance < best.distance { best = (distance, reading, Instant(before + distance / 2)) }
    if distance < 1_000 { break }
  }
  return (best.counter, best.monotonic)
}

extension Int64 {
  /// The nearest whole number that fits; 0 for what is no number. Without a call: every event's time is one.
  @inline(__always) init(nearest value: Double) {
    if value.magnitude < 9.2e18 {
      self = Int64(value + (value < 0 ? -0.5 : 0.5))
    } else {
      self = value.isNaN ? 0 : value < 0 ? .min : .max
    }
  }
}
