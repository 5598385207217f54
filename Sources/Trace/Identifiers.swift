// Every id but a loop's and a site's is the position in its loop's ring of the event that began the thing: the writer
// has that number anyway (its cursor), a reader has it without context, and it stays unique across gaps.

/// One traced loop; numbered by whoever writes the trace, in the order in which loops are found, from 1.
public struct LoopID: Hashable, Comparable, Sendable {
  /// 1 … 65535; 0 stands for "no loop".
  public var number: UInt16
  /// Wraps a loop's number.
  @inlinable public init(_ number: UInt16) { self.number = number }
  /// By number.
  @inlinable public static func < (a: LoopID, b: LoopID) -> Bool { a.number < b.number }
}

/// A place in the code, trace-wide; 0 is the unknown site.
public struct SiteID: Hashable, Comparable, Sendable {
  /// Index into the trace's table of sites.
  public var index: UInt32
  /// Wraps an index into the table of sites.
  @inlinable public init(_ index: UInt32) { self.index = index }
  /// What a callback is charged to whose place is not known.
  public static let unknown = SiteID(0)
  /// By index.
  @inlinable public static func < (a: SiteID, b: SiteID) -> Bool { a.index < b.index }
}

/// The shape of every id that is a position in a loop's ring: 16 bits of loop, 48 bits of position.
public protocol RingIdentifier: Hashable, Comparable, Sendable {
  /// Loop and serial packed; the order of raw values is that of events within one loop.
  var raw: UInt64 { get }
  /// Wraps a packed value.
  init(raw: UInt64)
}

extension RingIdentifier {
  /// The id of the thing that began at `serial` (below 2⁴⁸; higher bits are dropped) on `loop`.
  @inlinable public init(_ loop: LoopID, _ serial: UInt64) {
    self.init(raw: UInt64(loop.number) << 48 | serial & 0xFFFF_FFFF_FFFF)
  }
  /// The loop it belongs to.
  @inlinable public var loop: LoopID { LoopID(UInt16(truncatingIfNeeded: raw >> 48)) }
  /// The position within that loop.
  @inlinable public var serial: UInt64 { raw & 0xFFFF_FFFF_FFFF }
  /// By loop, then in the order of events.
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.raw < b.raw }
}

/// One span: one run of one callback.
public struct SpanID: RingIdentifier {
  /// Loop and serial packed.
  public var raw: UInt64
  /// Wraps a packed value.
  @inlinable public init(raw: UInt64) { self.raw = raw }
}

/// One operation, or one entry of the ready queue: both are what a callback's begin refers to as its cause.
public struct OperationID: RingIdentifier {
  /// Loop and serial packed.
  public var raw: UInt64
  /// Wraps a packed value.
  @inlinable public init(raw: UInt64) { self.raw = raw }
}

/// One chain: the callbacks of one piece of work.
public struct ChainID: RingIdentifier {
  /// Loop and serial packed.
  public var raw: UInt64
  /// Wraps a packed value.
  @inlinable public init(raw: UInt64) { self.raw = raw }
}
