import Trace

/// From where on something counts as wrong.
public struct Thresholds: Hashable, Sendable {
  /// A span whose self time exceeds this is slow; an interval without a poll that exceeds it is a stall.
  public var slow: Nanoseconds
  /// A chain in flight of which nothing ran for longer than this may be stalled.
  public var stalled: Nanoseconds

  /// The defaults of the tool: 50 ms and 1 s.
  public init(slow: Nanoseconds = .milliseconds(50), stalled: Nanoseconds = .milliseconds(1_000)) {
    self.slow = slow
    self.stalled = stalled
  }
}
