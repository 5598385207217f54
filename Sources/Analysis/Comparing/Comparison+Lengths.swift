import Trace

extension Comparison {
  /// Lengths of time of the same name in both traces.
  static func lengths(_ after: Named, _ before: Durations?) -> Lengths {
    guard let before else {
      return Lengths(name: after.name, site: after.site, change: .new, after: after.durations.percentiles)
    }
    let rank = RankTest(before.buckets, after.durations.buckets)
    return Lengths(
      name: after.name, site: after.site, change: change(before, after.durations, rank), before: before.percentiles,
      after: after.durations.percentiles, isMedianLonger: rank.map { $0.score >= RankTest.significant },
      isTailLonger: isTailLonger(before, after.durations))
  }

  private static func change(_ before: Durations, _ after: Durations, _ test: RankTest?) -> Change {
    guard let test, abs(test.score) >= RankTest.significant, let old = before.percentiles, let new = after.percentiles
    else { return .same }
    // The median or the 99th percentile says the same as the test.
    let isLonger = test.score > 0
    func hasMoved(_ old: Nanoseconds, _ new: Nanoseconds) -> Bool {
      (isLonger ? new.count - old.count : old.count - new.count) > old.count / 20
    }
    guard hasMoved(old.p50, new.p50) || hasMoved(old.p99, new.p99) else { return .same }
    return isLonger ? .worse : .better
  }

  /// What the ranks of all hardly show: the longest ones have become more.
  private static func isTailLonger(_ before: Durations, _ after: Durations) -> Bool? {
    guard let limit = before.percentiles?.p99, before.count >= RankTest.enough, after.count >= RankTest.enough else {
      return nil
    }
    func beyond(_ durations: Durations) -> UInt64 {
      durations.buckets.reduce(0) { $1.value > UInt64(max(limit.count, 0)) ? $0 + $1.count : $0 }
    }
    let (old, new) = (beyond(before), beyond(after))
    let chance = Chance.ofAtLeast(new, in: after.count, marked: old + new, of: before.count + after.count)
    return chance < Chance.least
  }
}
