import Trace

/// Something that happened, told one after another as each becomes known: what a trace's exports are made of.
///
/// ```swift
/// var analyzer = Analyzer(telling: [.callbacks])
/// analyzer.consume(Batch(loop: LoopID(1)), definitions: Definitions())
/// for case .ended(let callback) in analyzer.takeOccurrences() { print(callback.own.seconds) }
/// ```
public enum Occurrence: Hashable, Sendable {
  /// A callback begins; its end, self time and outcome are still to come.
  case began(Callback)
  /// A callback has ended, or goes on at the trace's end.
  case ended(Callback)
  /// The loop has come back to its poll.
  case tick(Tick)
  /// A callback registered something that will call back once.
  case registered(OperationID, by: SpanID)
  /// So many callbacks stand in a loop's ready queue from here on.
  case readyQueue(LoopID, at: Instant, count: Int)
  /// Who made a callback wait that begins now; the parts add up to its queue delay.
  case blamed(SpanID, at: Instant, [Charge])
  /// An operation has settled, or is pending at the trace's end.
  case operation(OperationHistory)
  /// A chain has ended, or is in flight at the trace's end.
  case chain(ChainReport)
  /// A chain that was told to have ended without a failure had one that nobody handled.
  case chainFailed(ChainID)
  /// A loop did not reach its poll for longer than the threshold; its harm is known for good.
  case stall(Stall)
  /// Events are missing.
  case gap(LoopGap)

  /// What is told; the rest costs nothing.
  public struct Subjects: OptionSet, Sendable {
    /// The sum of the subjects' bits.
    public let rawValue: UInt16

    /// Subjects from their bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `began` and `ended`.
    public static let callbacks = Subjects(rawValue: 1)
    /// `tick`.
    public static let ticks = Subjects(rawValue: 2)
    /// `registered`.
    public static let registrations = Subjects(rawValue: 4)
    /// `readyQueue`.
    public static let readyQueue = Subjects(rawValue: 8)
    /// `blamed`: costs a step for each span that ran in each wait, and a longer memory.
    public static let blame = Subjects(rawValue: 16)
    /// `operation`.
    public static let operations = Subjects(rawValue: 32)
    /// `chain` and `chainFailed`.
    public static let chains = Subjects(rawValue: 64)
    /// `stall`.
    public static let stalls = Subjects(rawValue: 128)
    /// `gap`.
    public static let gaps = Subjects(rawValue: 256)
  }

  /// One span.
  public struct Callback: Hashable, Sendable {
    /// Its id.
    public var id: SpanID
    /// Its site.
    public var site: SiteID
    /// What sort of callback it is.
    public var kind: CallbackKind
    /// What made it ready.
    public var trigger: Trigger
    /// The span that it ran inside of.
    public var parent: SpanID?
    /// When it began.
    public var began: Instant
    /// When it ended; `nil` while it runs.
    public var ended: Instant?
    /// Wall time less that of the spans nested in it, up to its end.
    public var own = Nanoseconds.zero
    /// Whether it ended by throwing.
    public var threw = false
    /// When it was certainly ready; `nil` for one that was never queued.
    public var ready: Instant?
    /// When it can first have been ready.
    public var earliest: Instant?
    /// The operation that called back, or the entry of the ready queue.
    public var operation: OperationID?
    /// Whether that delivers again and again.
    public var isStanding = false
    /// The callback that registered it.
    public var creator: SpanID?
    /// Its chain.
    public var chain: ChainID?

    /// From certain ready to begin.
    public var queueDelay: Nanoseconds? { ready.map { began - $0 } }
  }

  /// One whole pass of a loop.
  public struct Tick: Hashable, Sendable {
    /// Its loop.
    public var loop: LoopID
    /// When its poll returned.
    public var began: Instant
    /// When the next poll began.
    public var ended: Instant
    /// Spans that began in it.
    public var callbacks: UInt64
  }

  /// One operation from its creation to what became of it.
  public struct OperationHistory: Hashable, Sendable {
    /// Its id.
    public var id: OperationID
    /// What sort of thing it is.
    public var kind: OperationKind
    /// Whether it delivers again and again.
    public var isStanding: Bool
    /// Where it was created.
    public var site: SiteID
    /// When it was created.
    public var created: Instant
    /// When it settled; `nil` for one that is pending, or whose end was lost.
    public var settled: Instant?
    /// How it settled.
    public var outcome: Outcome?
    /// When it was due.
    public var due: Instant?
    /// What its descriptor is, where it has one and that was said.
    public var label: String?
    /// The callback that created it.
    public var creator: SpanID?
    /// Its chain.
    public var chain: ChainID?
  }

  /// A part of a wait.
  public struct Charge: Hashable, Sendable {
    /// The span that had the loop.
    public var span: SpanID?
    /// Who had the loop.
    public var cause: Cause
    /// For how long.
    public var time: Nanoseconds

    /// Who can have a loop while a callback waits for it.
    public enum Cause: String, CaseIterable, Sendable {
      /// A callback of another chain, or of none.
      case callback
      /// A callback of the waiting one's own chain.
      case ownChain = "own-chain"
      /// The poll: the loop woke up late.
      case poll
      /// The loop itself, between callbacks.
      case overhead
      /// Not known: events are missing.
      case gap
      /// Not known: before the trace, or too far back to be remembered.
      case unknown
    }
  }
}
