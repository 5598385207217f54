import Trace

/// How whole a trace file is.
public struct Diagnostics: Hashable, Sendable {
  /// The version that the file says it has; not to be believed where its header is damaged.
  public var version: FormatVersion
  /// The boot during which it was recorded.
  public var bootID: [UInt8]
  /// When it was created, in nanoseconds since 1970.
  public var created: Int64
  /// Whether the file's header is as it was written.
  public var headerIntact: Bool
  /// How long the file is.
  public var bytes: UInt64 = 0
  /// Whether the writer closed it in good order.
  public var closed = false
  /// Everything that is not as it was written, as far as it was looked at; `TraceStore.verify()` looks at all.
  public var damage: [Damage] = []
  /// What stands at the end and is no whole chunk.
  public var tornTail: TornTail?

  /// How many events are known to be lost to damage, the torn tail's included.
  public var eventsLost: UInt64 {
    damage.reduce(tornTail?.events ?? 0) { $0 &+ ($1.events ?? 0) }
  }
}

/// A place where a trace file is not as it was written.
public struct Damage: Hashable, Sendable {
  /// What is damaged.
  public enum What: Hashable, Sendable {
    /// Bytes among which no chunk is to be found.
    case unreadable
    /// A chunk of events whose header is intact.
    case events
    /// A chunk of definitions: its loops and sites have no names.
    case definitions
    /// Events that must have stood there, by the ordinals of those that follow.
    case missing
    /// The index: the file was read without it.
    case index
  }

  /// What it is.
  public var what: What
  /// Damaged, or overwritten on purpose by a writer that keeps only the newest.
  public var reason: GapReason
  /// Where it begins; of missing events, where the first chunk after them does.
  public var offset: UInt64
  /// How many bytes it is about; 0 for missing events.
  public var bytes: UInt64
  /// Whose events they were.
  public var loop: LoopID?
  /// From when on.
  public var from: Instant?
  /// Until when.
  public var to: Instant?
  /// How many.
  public var events: UInt64?
}

/// The end of a file that was cut, or is being written.
public struct TornTail: Hashable, Sendable {
  /// Where it begins.
  public var offset: UInt64
  /// How long it is.
  public var bytes: UInt64
  /// Whose events it has, where the chunk's header is whole.
  public var loop: LoopID?
  /// From when on.
  public var from: Instant?
  /// Until when.
  public var to: Instant?
  /// How many.
  public var events: UInt64?
}
