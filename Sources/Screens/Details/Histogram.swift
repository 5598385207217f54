import Analysis
import Trace

/// Durations by how many took them: a column for every so much longer, bars to scale, a rule of decades below.
struct Histogram {
  private let width: Int
  private let glyphs: Glyphs
  /// The first column's place on the scale, and how many places there are to a doubling.
  private let first: Int
  private let perDoubling: Int
  private let counts: [UInt64]

  static let height = 4
  private static let labelWidth = 9

  init(_ durations: [DurationCount], width: Int, glyphs: Glyphs) {
    self.width = max(8, min(width, 110) - Self.labelWidth)
    self.glyphs = glyphs
    // With some room at both ends, in which a decade lies whatever there is.
    let shortest = Nanoseconds((durations.map(\.length).min() ?? .zero).count / 8)
    let longest = Nanoseconds(min((durations.map(\.length).max() ?? .zero).count, .max / 2) * 2)
    let room = self.width
    let per = [8, 4, 2].first { Self.place(longest, $0) - Self.place(shortest, $0) < room } ?? 1
    (first, perDoubling) = (Self.place(shortest, per), per)
    var counts = [UInt64](repeating: 0, count: min(room, Self.place(longest, per) - first + 1))
    for duration in durations {
      let column = min(counts.count - 1, Self.place(duration.length, per) - first)
      counts[column] = counts[column] &+ duration.count
    }
    self.counts = counts
  }

  /// A length's place on a scale that is logarithmic in doublings and straight between them.
  private static func place(_ length: Nanoseconds, _ perDoubling: Int) -> Int {
    let length = UInt64(max(1, length.count))
    let doublings = 63 - length.leadingZeroBitCount
    let start = UInt64(1) << UInt64(doublings)
    return doublings * perDoubling + Int((length - start).multipliedFullWidth(by: UInt64(perDoubling)).low / start)
  }

  var lines: [Line] {
    let most = max(1, counts.max() ?? 1)
    let steps = glyphs.blocks.count - 1
    let levels = counts.map { count in
      // What happened at all is seen, however seldom it did.
      count == 0 ? 0 : max(1, Int((Double(count) / Double(most) * Double(steps * Self.height)).rounded()))
    }
    let slow = Self.place(Thresholds().slow, perDoubling) - first
    let rows = (0..<Self.height).reversed().map { row -> Line in
      let cells = levels.map { glyphs.blocks[max(0, min(steps, $0 - row * steps))] }
      let label = row == Self.height - 1 ? words(most) : ""
      let edge = max(0, min(cells.count, slow + 1))
      return [
        Run(padded(label, Self.labelWidth - 1) + " ", .dim), Run(cells[..<edge].joined(), .bar),
        Run(cells[edge...].joined(), .warning),
      ]
    }
    return rows + [[Run(String(repeating: " ", count: Self.labelWidth) + rule, .dim)]]
  }

  /// The decades that there is room for, each at its place.
  private var rule: String {
    var rule = ""
    var decade: Int64 = 1
    for name in Self.decades {
      let place = Self.place(Nanoseconds(decade), perDoubling) - first
      decade = decade.multipliedReportingOverflow(by: 10).partialValue
      guard place >= 0, place < counts.count, place >= rule.unicodeScalars.count + (rule.isEmpty ? 0 : 1) else {
        continue
      }
      rule = filled(rule, place, least: 0) + "|" + (glyphs == .ascii ? String(name.map { $0 == "µ" ? "u" : $0 }) : name)
    }
    return rule
  }

  private static let decades =
    ["ns", "µs", "ms", "s"].flatMap { unit in ["1 ", "10 ", "100 "].map { $0 + unit } } + [
      "1000 s"
    ]
}
