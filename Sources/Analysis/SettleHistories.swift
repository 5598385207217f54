import Trace

/// How long operations took to settle, by the site that created them: what a pending one is measured against.
struct SettleHistories {
  /// A bucket for each power of two of nanoseconds: the question is only whether a time is of another order.
  private static let buckets = 48
  private var counts: ContiguousArray<UInt32> = []
  private var totals: ContiguousArray<UInt64> = []

  /// Makes room for that many sites.
  mutating func reserve(sites: Int) {
    guard sites > totals.count else { return }
    counts.append(contentsOf: repeatElement(0, count: (sites - totals.count) * Self.buckets))
    totals.append(contentsOf: repeatElement(0, count: sites - totals.count))
  }

  private static func bucket(_ duration: Nanoseconds) -> Int {
    min(64 - max(duration.count, 0).leadingZeroBitCount, buckets - 1)
  }

  /// Counts an operation that settled; a site past the table is the unknown one.
  @inline(__always)
  mutating func record(_ duration: Nanoseconds, at site: SiteID) {
    guard !totals.isEmpty else { return }
    let index = Int(site.index) < totals.count ? Int(site.index) : 0
    totals[index] += 1
    counts[index * Self.buckets + Self.bucket(duration)] &+= 1
  }

  /// How many operations of the site settled.
  func settled(at site: SiteID) -> UInt64 {
    Int(site.index) < totals.count ? totals[Int(site.index)] : totals.first ?? 0
  }

  /// Whether hardly one in a hundred of the site's operations took about that long or longer; true without any.
  func isUnusual(_ age: Nanoseconds, at site: SiteID) -> Bool {
    guard !totals.isEmpty else { return true }
    let index = Int(site.index) < totals.count ? Int(site.index) : 0
    let row = counts[(index * Self.buckets + Self.bucket(age))..<((index + 1) * Self.buckets)]
    return row.reduce(into: UInt64(0)) { $0 += UInt64($1) } * 100 <= totals[index]
  }
}
