import Analysis
import Trace

/// Where in time a person looks: which stretch is visible, and which moment in it is meant.
struct TimeState: Hashable, Sendable {
  /// The moment; `nil` is the newest, whatever that is by then.
  private(set) var cursor: Instant?
  /// A column's length; `nil` is what shows the whole trace, or of a live one enough.
  private(set) var zoom: Nanoseconds?
  /// The first visible moment; `nil` is the one that makes the newest visible.
  private(set) var from: Instant?

  /// Whether the length was chosen, and not merely kept while one looks back.
  private var isChosen = false

  /// The lengths that a column can have.
  static let lengths: [Nanoseconds] = (1...13).flatMap { power in
    [1, 2, 5].map { Nanoseconds($0 * (1...power).reduce(1) { value, _ in value * 10 }) }
  }

  /// What is visible in that many columns.
  func slices(of trace: TraceSummary, isLive: Bool, columns: Int) -> TimeSlices {
    guard let zoom else { return TimeSlices(of: trace, isLive: isLive, columns: columns) }
    let columns = max(1, columns)
    if let from { return TimeSlices(from: from, length: zoom, count: columns) }
    let last = (trace.to - trace.from).count / zoom.count
    let first = max(0, last - Int64(columns) + 1)
    return TimeSlices(from: trace.from + Nanoseconds(first &* zoom.count), length: zoom, count: columns)
  }

  /// Follows the newest, at the length chosen.
  mutating func follow() {
    cursor = nil
    from = nil
    if !isChosen { zoom = nil }
  }

  /// Shows everything.
  mutating func showAll() {
    zoom = nil
    from = nil
    isChosen = false
  }

  /// Looks at a moment; what is visible moves no more than it takes to see it.
  mutating func go(to moment: Instant, _ trace: TraceSummary, isLive: Bool, columns: Int) {
    let moment = max(trace.from, min(moment, trace.to))
    var shown = slices(of: trace, isLive: isLive, columns: columns)
    let column = shown.index(of: moment)
    if zoom != nil || isLive {
      if !(0..<Int64(columns)).contains(column) {
        // With a quarter of the width ahead of it, on the side that one comes from.
        let at = column < 0 ? Int64(columns) / 4 : Int64(columns) * 3 / 4
        shown.from = shown.from + Nanoseconds(shown.length.count &* (column - at))
      }
      pin(shown)
    }
    cursor = moment
  }

  /// Moves by so many columns.
  mutating func move(by distance: Int64, _ trace: TraceSummary, isLive: Bool, columns: Int) {
    let length = slices(of: trace, isLive: isLive, columns: columns).length
    let target = (cursor ?? trace.to) + Nanoseconds(length.count &* distance)
    // Beyond the newest there is only the newest.
    if isLive, distance > 0, cursor == nil || target > trace.to { return follow() }
    go(to: target, trace, isLive: isLive, columns: columns)
  }

  /// Makes columns shorter or longer; the moment looked at stays where it is on the screen.
  mutating func zoom(closer: Bool, _ trace: TraceSummary, isLive: Bool, columns: Int) {
    let shown = slices(of: trace, isLive: isLive, columns: columns)
    let next = closer ? Self.lengths.last { $0 < shown.length } : Self.lengths.first { $0 > shown.length }
    guard let next else { return }
    let whole = Nanoseconds(next.count &* Int64(max(1, columns)))
    if !closer, whole > trace.to - trace.from { return showAll() }
    isChosen = true
    guard cursor != nil || !isLive else { return zoom = next }
    let middle = cursor ?? shown.from + Nanoseconds(shown.length.count &* Int64(shown.count / 2))
    let column = max(0, min(Int64(columns) - 1, shown.index(of: middle)))
    pin(TimeSlices(from: middle - Nanoseconds(next.count &* column), length: next, count: columns))
  }

  /// Shows a stretch of time in full, and looks at its begin.
  mutating func show(_ begin: Instant, _ end: Instant, columns: Int) {
    let length = max(1, (end - begin).count / Int64(max(1, columns)))
    let fitting = Self.lengths.first { $0.count > length } ?? Self.lengths[Self.lengths.count - 1]
    pin(TimeSlices(from: begin, length: fitting, count: columns))
    isChosen = true
    cursor = begin
  }

  private mutating func pin(_ slices: TimeSlices) {
    zoom = slices.length
    from = slices.from
  }
}

/// A moment as a person types it, in one of these ways: `75.5` seconds, `1:15.5`, `0:01:15.5`; `850ms`, `3us`, `2s`, `5m`.
func typedTime(_ text: String) -> Nanoseconds? {
  let text = text.filter { $0 != " " }
  let units: [(String, Double)] = [
    ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3_600),
  ]
  for (unit, seconds) in units where text.hasSuffix(unit) {
    guard let number = Double(text.dropLast(unit.count)), number.isFinite else { continue }
    return bounded(number * seconds)
  }
  var total = 0.0
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  guard (1...3).contains(parts.count) else { return nil }
  for part in parts {
    guard let number = Double(part), number.isFinite, number >= 0 else { return nil }
    total = total * 60 + number
  }
  return bounded(total)
}

private func bounded(_ seconds: Double) -> Nanoseconds { .seconds(max(-1e9, min(seconds, 1e9))) }
