import Trace

/// How lengths of time are distributed: percentiles to two digits, the longest exactly, in a few kilobytes.
///
/// Counted as an HDR histogram of two significant digits counts (hdrhistogram.org): in ranges that double in length from
/// one to the next, each in 128 equal parts; a part stands for the longest length in it. By ourselves, because it happens
/// twice for each callback, and what a general histogram does besides took a twelfth of the analysis.
struct Durations: Sendable {
  private var counts = Slab<UInt64>()
  private(set) var max = Nanoseconds.zero
  private(set) var count: UInt64 = 0

  private static let longest: UInt64 = 1 << 56

  /// Makes this value the only one that knows its memory.
  mutating func own() { counts.own() }

  /// Counts one; a negative length is none, and one of more than two years is two years.
  @inline(__always)
  mutating func record(_ duration: Nanoseconds) {
    let index = Self.index(of: Swift.min(UInt64(Swift.max(duration.count, 0)), Self.longest))
    if index >= counts.count { counts.grow(to: index + 1, 0) }
    counts[index] += 1
    if duration > max { max = duration }
    count += 1
  }

  /// Lengths below 256 each have a part of their own.
  @inline(__always)
  private static func index(of length: UInt64) -> Int {
    let shift = 56 - (length | 255).leadingZeroBitCount
    return shift << 7 + Int(truncatingIfNeeded: length >> UInt64(truncatingIfNeeded: shift))
  }

  /// The longest length that is counted there.
  private static func length(at index: Int) -> UInt64 {
    let shift = Swift.max(index >> 7 - 1, 0)
    return UInt64(index - shift << 7 + 1) << UInt64(shift) - 1
  }

  /// How often which lengths were counted, shortest first.
  var buckets: [(value: UInt64, count: UInt64)] {
    counts.indices.lazy.filter { counts[$0] > 0 }.map { (Self.length(at: $0), counts[$0]) }
  }

  /// `nil` where nothing was counted.
  var percentiles: Percentiles? {
    guard count > 0 else { return nil }
    let ranks = [50, 90, 99].map { Swift.max(1, (count * $0 + 99) / 100) }
    var found = ranks.map { _ in max }
    var next = 0
    var counted: UInt64 = 0
    for bucket in buckets {
      counted += bucket.count
      while next < ranks.count && counted >= ranks[next] {
        found[next] = Swift.min(Nanoseconds(Int64(clamping: bucket.value)), max)
        next += 1
      }
      if next == ranks.count { break }
    }
    return Percentiles(count: count, p50: found[0], p90: found[1], p99: found[2], max: max)
  }
}
