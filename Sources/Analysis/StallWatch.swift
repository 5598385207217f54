import Trace

/// A stall, as soon as it is one.
public struct StallSighting: Hashable, Sendable {
  /// Whose.
  public var loop: LoopID
  /// When the loop left its poll.
  public var began: Instant
  /// When it reached it again, or up to when it is known not to have.
  public var until: Instant
  /// Whether it has ended.
  public var ended: Bool

  /// A sighting.
  public init(loop: LoopID, began: Instant, until: Instant, ended: Bool) {
    self.loop = loop
    self.began = began
    self.until = until
    self.ended = ended
  }
}

/// Tells of stalls while they happen: the same ones that a report lists, each when it ends, and those that still go on.
public struct StallWatch: Sendable {
  private var analyzer: Analyzer

  /// Sees nothing yet.
  public init(thresholds: Thresholds = Thresholds()) {
    analyzer = Analyzer(thresholds: thresholds)
    analyzer.endedStalls = []
  }

  /// Takes the next events of a loop, as the analyzer does; returns the stalls that ended in them, in order.
  public mutating func consume(_ batch: Batch, definitions: Definitions) -> [StallSighting] {
    analyzer.consume(batch, definitions: definitions)
    defer { analyzer.endedStalls = [] }
    return (analyzer.endedStalls ?? []).map { sighting($0, ended: true) }
  }

  /// The stalls that go on, at a moment of `CLOCK_MONOTONIC`; `nil` is the time of each loop's last event.
  public func open(at now: Instant?) -> [StallSighting] {
    analyzer.openStalls(at: now).map { sighting($0, ended: false) }
  }

  private func sighting(_ stall: StallRecord, ended: Bool) -> StallSighting {
    StallSighting(loop: stall.loop, began: stall.began, until: stall.began + stall.duration, ended: ended)
  }
}
