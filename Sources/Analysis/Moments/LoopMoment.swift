import Trace

/// One loop as it stood at a moment: where it was, what ran, and everything that waited.
///
/// ```swift
/// func line(_ moment: LoopMoment) -> String {
///   guard let running = moment.stack.last else { return "in no callback" }
///   return "\(running.site.function) for \(moment.time - running.began)"
/// }
/// ```
public struct LoopMoment: Hashable, Sendable {
  /// The loop.
  public var loop: LoopID
  /// The moment.
  public var time: Instant
  /// Where in its round it was.
  public var phase: Phase
  /// Spans that had begun and not ended, outermost first.
  public var stack: [Span]
  /// Timers not fired yet, the next one first; repeating ones last, whose next turn is not recorded.
  public var timers: [Pending]
  /// Descriptors that it watched, by number.
  public var watched: [WatchedDescriptor]
  /// Callbacks in the ready queue that are known, oldest first.
  public var ready: [Queued]
  /// Calls that waited for a pool thread.
  public var poolQueued: UInt32
  /// Calls that pool threads were at.
  public var poolRunning: UInt32
  /// Calls handed to the pool whose results the loop had not seen, oldest first.
  public var calls: [Pending]
  /// What else was pending and had a chain: Deferreds, tasks, connections, children; oldest first.
  public var others: [Pending]
  /// Whether nothing is missing of what was open: since the loop's begin, or a checkpoint.
  public var isComplete = false
  /// The poll that ended this pass of the loop, where it is recorded: what it found had waited until then.
  public var next: NextPoll?

  /// Where a loop is in its round.
  public enum Phase: Hashable, Sendable {
    /// In the poll or in a pass: events are missing before, or it was read from a checkpoint on, which does not say.
    case unknown
    /// Begun, and not in the poll yet.
    case begun
    /// In the kernel, since then; `nil` waits without limit.
    case polling(since: Instant, timeout: Nanoseconds?)
    /// In a pass that began then.
    case pass(since: Instant)
    /// The loop has ended.
    case ended
  }

  /// A span that was open.
  public struct Span: Hashable, Sendable {
    /// Its site.
    public var site: Site
    /// What sort of callback.
    public var kind: CallbackKind
    /// What made it ready.
    public var trigger: Trigger
    /// When it began.
    public var began: Instant
    /// The name of its chain, where it has one.
    public var chain: String?
  }

  /// An operation that was pending.
  public struct Pending: Hashable, Sendable {
    /// Its id.
    public var id: OperationID
    /// What sort of thing.
    public var kind: OperationKind
    /// Where it was created.
    public var site: Site
    /// When it was created.
    public var created: Instant
    /// When it is due, for a timer.
    public var due: Instant?
    /// Whether it delivers again and again.
    public var standing: Bool
    /// The name of its chain, where it has one.
    public var chain: String?
  }

  /// A callback in the ready queue.
  public struct Queued: Hashable, Sendable {
    /// What sort of callback.
    public var kind: CallbackKind
    /// Where it was registered.
    public var site: Site
    /// Since when it was ready.
    public var since: Instant
    /// The name of its chain, where it has one.
    public var chain: String?
  }

  /// What the next poll found.
  public struct NextPoll: Hashable, Sendable {
    /// When it was entered.
    public var entered: Instant
    /// Descriptors that were ready; `nil` where its return is not recorded.
    public var ready: UInt32?
  }

  /// The stack's innermost span.
  public var running: Span? { stack.last }
}
