import Trace

/// The callbacks of one chain, who made each of them happen, and the sequence of steps and waits that made the chain as long
/// as it is.
///
/// ```swift
/// let store = try TraceStore(path: "spike.looptrace")
/// var analyzer = Analyzer()
/// var cursor = TraceStore.Cursor()
/// while let batch = try store.next(&cursor) { analyzer.consume(batch, definitions: store.definitions) }
/// let slowest = analyzer.report(at: nil).chainList[0]
/// let waterfall = try Waterfalls(of: [slowest], in: store)[slowest.id]
/// for segment in waterfall?.criticalPath ?? [] { print(segment.state, segment.length.seconds) }
/// ```
public struct Waterfall: Hashable, Sendable {
  /// A callback that had to do with a step.
  public struct Party: Hashable, Sendable {
    /// Its id.
    public var span: SpanID
    /// Its site; unknown where it ran too long before.
    public var site: Site
    /// Which of the chain's steps it is; `nil` for one of another chain, or of none.
    public var step: Int?
  }

  /// One callback of the chain.
  public struct Step: Hashable, Sendable {
    /// Its id.
    public var id: SpanID
    /// Its site.
    public var site: Site
    /// What sort of callback it is.
    public var kind: CallbackKind
    /// How deeply nested within the chain's other steps.
    public var depth: Int
    /// What made it ready.
    public var trigger: Trigger
    /// The callback that made it ready: that queued it, settled what it waited for, or that it runs inside of.
    public var triggeredBy: Party?
    /// The callback that registered it: that created what it waited for.
    public var createdBy: Party?
    /// When it was certainly ready; `nil` for one that ran inside the callback that fired it.
    public var ready: Instant?
    /// When it began.
    public var began: Instant
    /// Its wall time; to the chain's end while it runs.
    public var duration: Nanoseconds
    /// Whether it is part of the critical path.
    public var isCritical = false
  }

  /// A part of the critical path.
  public struct Segment: Hashable, Sendable {
    /// What the chain did in it.
    public enum State: Hashable, Sendable {
      /// This step ran, and none inside of it.
      case ran(step: Int)
      /// This step was ready; `nil` for one that has not begun.
      case queued(step: Int?)
      /// It waited for the operation; `nil` where it is not known for which.
      case waited(PendingOperation?)
    }

    /// What.
    public var state: State
    /// Since when.
    public var from: Instant
    /// Until when.
    public var to: Instant

    /// For how long.
    public var length: Nanoseconds { to - from }
  }

  /// The chain.
  public var chain: ChainID
  /// Its callbacks in order, at most the last `Waterfall.stepLimit`.
  public var steps: [Step]
  /// Whether there were more before them.
  public var isCut: Bool
  /// What determined the chain's length, walked back from its end by who made what ready: in the order of time, and without
  /// remainder from the chain's begin to its end.
  public var criticalPath: [Segment]

  /// How many steps are kept.
  public static let stepLimit = 1_024
}
