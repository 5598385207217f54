import Trace

/// What each loop did over time, in slices that are as fine as a fixed number of them allows.
public struct Timeline: Sendable {
  /// What a loop did in one slice of time.
  public struct Slice: Hashable, Sendable {
    /// Its begin.
    public var from: Instant
    /// Its end.
    public var to: Instant
    /// Time outside the poll.
    public var busy: Nanoseconds
    /// Time inside the poll; with `busy` less than the slice where the loop was not there or events are missing.
    public var idle: Nanoseconds
    /// The longest pass of the loop that overlaps it, the one still going on included.
    public var longestTick: Nanoseconds
    /// The longest self time of the spans that ended in it or ran through it.
    public var longestOwn: Nanoseconds
    /// Spans begun in it.
    public var callbacks: UInt64
    /// Whether a stall overlaps it.
    public var isStalled: Bool
  }

  /// By loop, in the order in which they were found.
  var tracks: [(loop: LoopID, track: TimelineTrack)]

  /// From the first moment known of any loop to the last; `nil` while nothing is known.
  public var range: (from: Instant, to: Instant)? {
    let known = tracks.map(\.track).filter { !$0.slices.isEmpty }
    guard let from = known.map(\.origin).min(), let to = known.map(\.end).max() else { return nil }
    return (from, to)
  }

  /// The loop's time from `from` to `to` in `count` slices of the same length, for a screen of that width.
  ///
  /// Finer than the slices kept, their time and counts are spread evenly. Empty for a loop that is not known, a count
  /// below one or an empty interval.
  public func slices(loop: LoopID, from: Instant, to: Instant, count: Int) -> [Slice] {
    guard let track = tracks.first(where: { $0.loop == loop })?.track, count > 0, from < to else { return [] }
    return track.resampled(from: from, to: to, count: count)
  }
}
