// Words that stand in a ring, bit by bit; FORMAT.md has them as tables.

/// What an event slot's first byte says it is.
public enum SlotKind: UInt8, Sendable {
  /// Never written.
  case empty
  /// Continues the event before it: 15 bytes of text, or a word of seven bytes and one of eight.
  case more
  case loopBegan, loopEnded
  case pollEntered, pollReturned
  case created
  case queued, queuedOperation
  case began, beganDue, beganChain, ended
  case settled, awaits
  case chainNamed, marked
  case watched, unwatched
  case pool, poolBegan, poolEnded
  case unhandled
  case used, anchor
}

/// The first word of a slot: kind, eight bits of flags, and the lower 48 bits of the counter.
public struct SlotWord: Sendable {
  /// The word.
  public var raw: UInt64
  /// Wraps a word.
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// Packs a word; the counter's upper 16 bits stand in the poll events.
  @inlinable public init(_ kind: SlotKind, flags: UInt8 = 0, counter: UInt64) {
    raw = UInt64(kind.rawValue) | UInt64(flags) << 8 | counter << 16
  }
  /// The kind, as a number that may be one of a later version's.
  @inlinable public var kind: UInt8 { UInt8(truncatingIfNeeded: raw) }
  /// The flags.
  @inlinable public var flags: UInt8 { UInt8(truncatingIfNeeded: raw >> 8) }
  /// The lower 48 bits of the counter.
  @inlinable public var counter: UInt64 { raw >> 16 }
}

/// The flags of `created`: the operation's kind in the low five bits.
public enum CreatedFlags {
  /// It delivers again and again.
  public static let standing: UInt8 = 0x80
  /// A continuation holds its due time (`CLOCK_MONOTONIC` ns, in the second word).
  public static let due: UInt8 = 0x40
  /// A continuation holds its descriptor (in the first word's upper 32 bits).
  public static let descriptor: UInt8 = 0x20
}

/// What an entry of the table of labels names.
public enum LabelKind: UInt64, Sendable {
  /// A chain in flight.
  case chain = 1
  /// A watched descriptor.
  case descriptor = 2
}
