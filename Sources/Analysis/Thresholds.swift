import Trace

/// From where on something counts as wrong.
public struct Thresholds: Hashable, Sendable {
  /// A span whose self time exceeds this is slow; an interval without a poll that exceeds it is a stall.
  public var slow = Nanoseconds.milliseconds(50)
  /// A chain in flight of which nothing ran for longer than this may be stalled.
  public var stalled = Nanoseconds.milliseconds(1_000)
  /// A timer that runs later than this after it was due is late.
  public var late = Nanoseconds.milliseconds(50)
  /// A call that waits longer than this for a thread finds its pool saturated.
  public var poolWait = Nanoseconds.milliseconds(50)
  /// A loop that goes round without waiting for longer than this, and nothing comes of it, spins.
  public var spinning = Nanoseconds.milliseconds(1_000)
  /// A ready queue that is never shorter than before and holds at least so many callbacks grows.
  public var growing: UInt32 = 100

  /// The tool's defaults, but for what is given.
  public init(slow: Nanoseconds = .milliseconds(50), stalled: Nanoseconds = .milliseconds(1_000)) {
    self.slow = slow
    self.stalled = stalled
  }
}
