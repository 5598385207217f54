/// Whether durations got longer or shorter beyond chance: the rank test of Mann and Whitney, with its correction for ties.
///
/// It asks nothing of how the durations are distributed, and one outlier weighs no more than any other.
struct RankTest {
  /// How far apart the two are, in standard deviations of what chance alone makes of it; positive where they got longer.
  let score: Double

  /// At this score and beyond, chance alone is behind fewer than one in a thousand.
  static let significant = 3.29
  /// Fewer are not judged.
  static let enough: UInt64 = 8

  /// Compares by how often which durations were counted, in ascending order; `nil` where one has too few for a judgement.
  init?(_ before: [(value: UInt64, count: UInt64)], _ after: [(value: UInt64, count: UInt64)]) {
    let sizes = (Double(before.reduce(0) { $0 + $1.count }), Double(after.reduce(0) { $0 + $1.count }))
    guard min(sizes.0, sizes.1) >= Double(Self.enough) else { return nil }
    let all = sizes.0 + sizes.1
    // Of each of the later durations: the earlier ones that it exceeds, and half of those that it equals.
    var (place, below, wins, ties) = (0, 0.0, 0.0, 0.0)
    for (value, count) in after {
      while place < before.count, before[place].value < value {
        below += Double(before[place].count)
        ties += Self.tied(Double(before[place].count))
        place += 1
      }
      var equal = 0.0
      if place < before.count, before[place].value == value {
        equal = Double(before[place].count)
        place += 1
      }
      wins += Double(count) * (below + equal / 2)
      ties += Self.tied(Double(count) + equal)
      below += equal
    }
    for rest in before[place...] { ties += Self.tied(Double(rest.count)) }
    let variance = sizes.0 * sizes.1 / 12 * (all + 1 - ties / (all * (all - 1)))
    guard variance > 0 else { return nil }
    score = (wins - sizes.0 * sizes.1 / 2) / variance.squareRoot()
  }

  private static func tied(_ count: Double) -> Double { count * count * count - count }
}
