import Trace

/// Which times are worth a file when stalls happen: ten seconds before each and five after it, together where they meet.
public struct StallWindows: Sendable {
  /// A time with at least one stall in it.
  public struct Window: Hashable, Sendable {
    /// Its begin.
    public var from: Instant
    /// Its end.
    public var to: Instant
    /// The longest stall in it, as long as it was by then.
    public var worst: Nanoseconds
  }

  private static let before = Nanoseconds.seconds(10)
  private static let after = Nanoseconds.seconds(5)
  /// The longest window, about: a stall that outlasts it is told of by two files, at its begin and at its end.
  public static let longest = Nanoseconds.seconds(75)

  private var window: Window?
  /// The stalls that went on when they had filled a window: their ends are news again, and nothing before.
  private var cut: [LoopID: Instant] = [:]

  /// None yet.
  public init() {}

  /// Takes in a stall, or that it still goes on.
  public mutating func note(_ stall: StallSighting) {
    var from = stall.began - Self.before
    if cut[stall.loop] == stall.began {
      guard stall.ended else { return }
      from = stall.until - Self.before
    }
    let window = self.window ?? Window(from: from, to: stall.until, worst: .zero)
    self.window = Window(
      from: min(window.from, from), to: max(window.to, stall.until + Self.after),
      worst: max(window.worst, stall.until - stall.began))
  }

  /// The window that is over at `now`, or has grown too long though its stalls go on; it is handed out once.
  ///
  /// - Parameter open: the stalls that go on.
  public mutating func take(at now: Instant, open: [StallSighting]) -> Window? {
    guard let window, now >= window.to || window.to - window.from > Self.longest else { return nil }
    return take(open: open)
  }

  /// The window that there is, over or not.
  public mutating func take(open: [StallSighting]) -> Window? {
    guard let window else { return nil }
    self.window = nil
    for stall in open { cut[stall.loop] = stall.began }
    return window
  }
}
