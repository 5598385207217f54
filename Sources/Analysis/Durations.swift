import Histogram
import Trace

/// How lengths of time are distributed: percentiles to two digits, the longest exactly, in a few kilobytes.
struct Durations {
  private var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .two)
  private(set) var max = Nanoseconds.zero
  private(set) var count: UInt64 = 0

  /// Counts one; a negative length is none.
  @inline(__always)
  mutating func record(_ duration: Nanoseconds) {
    // The histogram grows to the power of two above the longest; a lie of centuries must not make it fail.
    let bounded = Swift.min(Swift.max(duration.count, 0), 1 << 56)
    histogram.record(UInt64(bounded))
    if duration > max { max = duration }
    count += 1
  }

  /// How often which lengths were counted, shortest first.
  var buckets: [(value: UInt64, count: UInt64)] { histogram.recordedValues().map { ($0.value, $0.count) } }

  /// `nil` where nothing was counted.
  var percentiles: Percentiles? {
    guard count > 0 else { return nil }
    let ranks = [50, 90, 99].map { Swift.max(1, (count * $0 + 99) / 100) }
    var found = ranks.map { _ in max }
    var next = 0
    // One pass for all three; `valueAtPercentile` would make one each, unspecialized.
    for step in histogram.recordedValues() {
      while next < ranks.count && step.totalCountToThisValue >= ranks[next] {
        found[next] = Swift.min(Nanoseconds(Int64(clamping: step.value)), max)
        next += 1
      }
      if next == ranks.count { break }
    }
    return Percentiles(count: count, p50: found[0], p90: found[1], p99: found[2], max: max)
  }
}
