import Trace

/// How long a loop's ready queue was, over all of its time: the shortest that it got in each stretch.
struct QueueTrend {
  private var lows: [UInt32?] = []
  /// Of which site most callbacks in it were, when somebody looked last.
  var heaviest: SiteID?
  private var origin: Instant?
  /// A stretch is 2 to this power of nanoseconds long: at first about a millisecond.
  private var shift: Int64 = 20
  private static let limit = 64
  private static let parts = 8

  /// The loop goes to poll with that many callbacks in its queue; returns whether a stretch began with that: a moment to
  /// look at who they are, because there are few of them.
  @inline(__always)
  mutating func sample(_ depth: UInt32, at time: Instant) -> Bool {
    let from = origin ?? time
    origin = from
    var index = Int(max(time - from, .zero).count >> shift)
    while index >= Self.limit {
      halve()
      index = Int(max(time - from, .zero).count >> shift)
    }
    let begins = index >= lows.count
    if begins { lows.append(contentsOf: repeatElement(nil, count: index + 1 - lows.count)) }
    if depth < lows[index] ?? .max { lows[index] = depth }
    return begins
  }

  private mutating func halve() {
    lows = stride(from: 0, to: lows.count, by: 2).map { index in
      [lows[index], index + 1 < lows.count ? lows[index + 1] : nil].compactMap { $0 }.min()
    }
    shift += 1
  }

  /// The queue that never got shorter again: its length in the first part of the time and in the last.
  var growth: (first: UInt32, last: UInt32)? {
    let size = max(lows.count / Self.parts, 1)
    let parts = stride(from: 0, to: lows.count, by: size).map {
      lows[$0..<min($0 + size, lows.count)].compactMap { $0 }.min()
    }
    let known = parts.compactMap { $0 }
    guard known.count >= Self.parts / 2, let first = known.first, let last = known.last else { return nil }
    return zip(known, known.dropFirst()).allSatisfy { $0 <= $1 } ? (first, last) : nil
  }
}
