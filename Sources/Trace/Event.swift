/// What happened on a loop at a moment.
///
/// Trivially copyable: texts stand in the batch that carries the event, at the index that a `TextID` gives. 56 bytes, because
/// an analysis writes and reads tens of millions of them a second: what may be missing takes no flag beside it but a value
/// that nothing has.
public struct Event: Hashable, Sendable {
  /// When; never before the event ahead of it in the same loop (a `queued` carries its own, earlier moment).
  public var time: Instant
  /// What.
  public var body: Body

  /// An event from its parts.
  @inlinable public init(_ time: Instant, _ body: Body) {
    self.time = time
    self.body = body
  }

  /// What happened. Who writes which: see the table in `Sources/Trace/FORMAT.md`.
  public enum Body: Hashable, Sendable {
    /// The loop opened its recorder.
    case loopBegan
    /// The loop ended in good order.
    case loopEnded
    /// The loop goes to wait in the kernel; `nil` waits without limit.
    case pollEntered(timeout: Nanoseconds?)
    /// The kernel returned, with this many descriptors ready.
    case pollReturned(ready: UInt32)
    /// Something is pending from here on.
    case created(Created)
    /// A callback stands in the ready queue.
    case queued(Queued)
    /// A span begins.
    case began(Began)
    /// The span ended; the innermost open one unless events are missing.
    case ended(SpanID, threw: Bool)
    /// The operation ended; a failure may carry a short text.
    case settled(OperationID, Outcome, TextID?)
    /// The first operation can only settle when the second does.
    case awaits(OperationID, on: OperationID)
    /// From here to the end of the callback, and for all that it registers, the chain is this one, named so.
    case chainNamed(ChainID, TextID)
    /// A remark by the program.
    case marked(TextID)
    /// The descriptor is watched from here on; the text says what it is.
    case watched(descriptor: Int32, TextID)
    /// The descriptor is no longer watched.
    case unwatched(descriptor: Int32)
    /// The thread pool's depth changed.
    case pool(queued: UInt32, running: UInt32)
    /// A pool thread took the call up, at that moment: at or before the event's time.
    case poolBegan(OperationID, at: Instant)
    /// A pool thread finished the call, at that moment: at or before the event's time.
    case poolEnded(OperationID, at: Instant)
    /// A failure reached the end of its chain and nobody handled it.
    case unhandled(OperationID, TextID)
    /// What the thread has used of the machine so far.
    case used(Usage)
    /// All clocks read at once.
    case anchor(Anchor)
    /// Events are missing.
    case gap(Gap)
    /// The live table as it stood: the batch's checkpoint of that index.
    case checkpoint(Int32)
  }

  /// An operation at its creation.
  public struct Created: Hashable, Sendable {
    /// Its id from here on.
    public var id: OperationID
    /// What sort of thing is pending.
    public var kind: OperationKind
    /// Whether it delivers again and again.
    public var standing: Bool
    /// Where it was created.
    public var site: SiteID
    @usableFromInline var packedChain: UInt64
    @usableFromInline var packedCreator: UInt64
    @usableFromInline var packedDue: Int64
    @usableFromInline var packedDescriptor: Int32

    /// The chain it belongs to, if any.
    @inlinable public var chain: ChainID? {
      get { ChainID(packed: packedChain) }
      set { packedChain = newValue.packed }
    }
    /// The callback that created it; none before the loop runs.
    @inlinable public var creator: SpanID? {
      get { SpanID(packed: packedCreator) }
      set { packedCreator = newValue.packed }
    }
    /// When it is due, for a timer or a time-out.
    @inlinable public var due: Instant? {
      get { Instant(packed: packedDue) }
      set { packedDue = newValue.packed }
    }
    /// The descriptor that it waits for; never `Int32.min`.
    @inlinable public var descriptor: Int32? {
      get { packedDescriptor == .min ? nil : packedDescriptor }
      set { packedDescriptor = newValue ?? .min }
    }

    /// An operation from its parts.
    @inlinable public init(
      id: OperationID, kind: OperationKind, standing: Bool = false, site: SiteID, chain: ChainID? = nil,
      creator: SpanID? = nil, due: Instant? = nil, descriptor: Int32? = nil
    ) {
      self.id = id
      self.kind = kind
      self.standing = standing
      self.site = site
      packedChain = chain.packed
      packedCreator = creator.packed
      packedDue = due.packed
      packedDescriptor = descriptor ?? .min
    }
  }

  /// A callback that stands in the ready queue.
  public struct Queued: Hashable, Sendable {
    /// What the begin will refer to: the operation that is ready, or the entry's own id.
    public var id: OperationID
    /// When it was queued, which is when it was ready: at or before the event's time (another thread may have queued it).
    public var moment: Instant
    /// What sort of callback it is.
    public var kind: CallbackKind
    /// What made it ready.
    public var trigger: Trigger
    /// Where it was registered.
    public var site: SiteID
    @usableFromInline var packedChain: UInt64
    @usableFromInline var packedCreator: UInt64

    /// The chain it belongs to, if any.
    @inlinable public var chain: ChainID? {
      get { ChainID(packed: packedChain) }
      set { packedChain = newValue.packed }
    }
    /// The callback that queued it, if one was running.
    @inlinable public var creator: SpanID? {
      get { SpanID(packed: packedCreator) }
      set { packedCreator = newValue.packed }
    }

    /// A queue entry from its parts.
    @inlinable public init(
      id: OperationID, moment: Instant, kind: CallbackKind, trigger: Trigger, site: SiteID, chain: ChainID? = nil,
      creator: SpanID? = nil
    ) {
      self.id = id
      self.moment = moment
      self.kind = kind
      self.trigger = trigger
      self.site = site
      packedChain = chain.packed
      packedCreator = creator.packed
    }
  }

  /// A span at its begin.
  public struct Began: Hashable, Sendable {
    /// Its id.
    public var id: SpanID
    /// What sort of callback it is.
    public var kind: CallbackKind
    /// What made it ready.
    public var trigger: Trigger
    /// Where the callback was registered.
    public var site: SiteID
    @usableFromInline var packedOperation: UInt64
    @usableFromInline var packedReady: Int64

    /// The operation that called back, or the entry of the ready queue.
    @inlinable public var operation: OperationID? {
      get { OperationID(packed: packedOperation) }
      set { packedOperation = newValue.packed }
    }
    /// When it was certainly ready, where the writer says so (timers: when due).
    @inlinable public var ready: Instant? {
      get { Instant(packed: packedReady) }
      set { packedReady = newValue.packed }
    }
    /// Whether a new chain begins here; its id has the span's raw value.
    public var startsChain: Bool

    /// A span from its parts.
    @inlinable public init(
      id: SpanID, kind: CallbackKind, trigger: Trigger, site: SiteID, operation: OperationID? = nil,
      ready: Instant? = nil, startsChain: Bool = false
    ) {
      self.id = id
      self.kind = kind
      self.trigger = trigger
      self.site = site
      packedOperation = operation.packed
      packedReady = ready.packed
      self.startsChain = startsChain
    }
  }
}

/// Index into a batch's texts.
public struct TextID: Hashable, Sendable {
  /// The index.
  public var index: UInt32
  /// Wraps an index.
  @inlinable public init(_ index: UInt32) { self.index = index }
}

/// What a thread has used of the machine since it began.
public struct Usage: Hashable, Sendable {
  /// CPU time, user and system together.
  public var cpu: Nanoseconds
  /// Context switches because the thread waited.
  public var voluntarySwitches: UInt32
  /// Context switches because others wanted the CPU.
  public var involuntarySwitches: UInt32
  /// Page faults that needed no disk.
  public var minorFaults: UInt32
  /// Page faults that did.
  public var majorFaults: UInt32

  /// A usage from its parts.
  public init(
    cpu: Nanoseconds, voluntarySwitches: UInt32, involuntarySwitches: UInt32, minorFaults: UInt32, majorFaults: UInt32
  ) {
    self.cpu = cpu
    self.voluntarySwitches = voluntarySwitches
    self.involuntarySwitches = involuntarySwitches
    self.minorFaults = minorFaults
    self.majorFaults = majorFaults
  }
}

/// Events known to be missing from one loop.
public struct Gap: Hashable, Sendable {
  /// The last moment known before the loss.
  public var from: Instant
  /// The first moment known after it.
  public var to: Instant
  /// How many events are missing; `nil` where it cannot be known.
  public var events: UInt64?
  /// Why.
  public var reason: GapReason

  /// A gap from its parts.
  public init(from: Instant, to: Instant, events: UInt64?, reason: GapReason) {
    self.from = from
    self.to = to
    self.events = events
    self.reason = reason
  }
}
