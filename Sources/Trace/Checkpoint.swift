/// The live table of one loop as it stood at a moment: what a reader needs to start in the middle.
public struct Checkpoint: Hashable, Sendable {
  /// Open operations, oldest first.
  public var operations: [OpenOperation]
  /// Open spans, outermost first.
  public var spans: [OpenSpan]
  /// The names of chains in flight.
  public var chains: [NamedChain]
  /// Watched descriptors and what they are.
  public var descriptors: [WatchedDescriptor]
  /// Callbacks in the ready queue.
  public var readyQueue: UInt32
  /// Calls waiting for a pool thread.
  public var poolQueued: UInt32
  /// Calls that pool threads are at.
  public var poolRunning: UInt32
  /// Operations open but not listed, because the live table was full when they were created.
  public var unlisted: UInt32

  /// A checkpoint from its parts; empty unless said otherwise.
  public init(
    operations: [OpenOperation] = [], spans: [OpenSpan] = [], chains: [NamedChain] = [],
    descriptors: [WatchedDescriptor] = [], readyQueue: UInt32 = 0, poolQueued: UInt32 = 0, poolRunning: UInt32 = 0,
    unlisted: UInt32 = 0
  ) {
    self.operations = operations
    self.spans = spans
    self.chains = chains
    self.descriptors = descriptors
    self.readyQueue = readyQueue
    self.poolQueued = poolQueued
    self.poolRunning = poolRunning
    self.unlisted = unlisted
  }
}

/// An operation that is pending at a checkpoint.
public struct OpenOperation: Hashable, Sendable {
  /// When it was created.
  public var created: Instant
  /// What is known of it; the creator is not kept in the live table.
  public var operation: Event.Created

  /// An open operation from its parts.
  public init(created: Instant, operation: Event.Created) {
    self.created = created
    self.operation = operation
  }
}

/// A span that has begun and not ended at a checkpoint.
public struct OpenSpan: Hashable, Sendable {
  /// When it began.
  public var began: Instant
  /// What is known of it.
  public var span: Event.Began

  /// An open span from its parts.
  public init(began: Instant, span: Event.Began) {
    self.began = began
    self.span = span
  }
}

/// A chain in flight and its name.
public struct NamedChain: Hashable, Sendable {
  /// The chain.
  public var id: ChainID
  /// When it was named.
  public var named: Instant
  /// Its name, cut where the live table had no more room.
  public var name: String

  /// A named chain from its parts.
  public init(id: ChainID, named: Instant, name: String) {
    self.id = id
    self.named = named
    self.name = name
  }
}

/// A descriptor that is watched and what it is.
public struct WatchedDescriptor: Hashable, Sendable {
  /// Its number in the traced process.
  public var descriptor: Int32
  /// Peer or path, cut where the live table had no more room.
  public var label: String

  /// A watched descriptor from its parts.
  public init(descriptor: Int32, label: String) {
    self.descriptor = descriptor
    self.label = label
  }
}
