import CLinux

// What the program carries from a registration to the callback: trivial values, `none` while recording is off.

/// A site's number in the ring's definitions.
public struct RingSite: Hashable, Sendable {
  @usableFromInline let number: UInt16
  @inlinable init(number: UInt16) { self.number = number }
  /// The unknown site.
  @inlinable public static var none: RingSite { RingSite(number: 0) }
}

/// An operation or queue entry: its position in the ring, and its place in the live table (plus one) above it.
public struct RingOperation: Hashable, Sendable {
  @usableFromInline let raw: UInt64
  @inlinable init(raw: UInt64) { self.raw = raw }
  @inlinable var position: UInt64 { raw & 0xFFFF_FFFF_FFFF }
  /// No operation.
  @inlinable public static var none: RingOperation { RingOperation(raw: 0) }
}

/// A chain: the position at which it began, and its name's place in the table of labels (plus one) above it.
public struct RingChain: Hashable, Sendable {
  @usableFromInline let raw: UInt64
  @inlinable init(raw: UInt64) { self.raw = raw }
  /// No chain.
  @inlinable public static var none: RingChain { RingChain(raw: 0) }
}

/// A raw reading of the recorder's counter.
public struct RingMoment: Hashable, Sendable {
  @usableFromInline let raw: UInt64
  @inlinable init(raw: UInt64) { self.raw = raw }
  /// Not stamped.
  @inlinable public static var none: RingMoment { RingMoment(raw: 0) }
  /// The processor's counter now: for who knows that a recorder's `clock` reads it.
  @inlinable public static var byProcessor: RingMoment { RingMoment(raw: ll_counter()) }
}

/// The recorder's counter, for any thread to read: a copy, so that no other thread touches what the loop's own writes.
public struct RingClock: @unchecked Sendable {
  // Unchecked for the pointer, to a cell that outlives the recording.
  @usableFromInline let isOn: Bool
  @usableFromInline let usesProcessorCounter: Bool
  @usableFromInline let manualClock: UnsafePointer<Int64>?

  /// Whether a moment is `RingMoment.byProcessor`.
  public var isProcessor: Bool { isOn && usesProcessorCounter }

  /// The counter's reading, to be carried to the loop's own thread; zero where recording was off when the clock was taken.
  @inlinable public func moment() -> RingMoment {
    guard isOn else { return .none }
    return RingMoment(raw: usesProcessorCounter ? ll_counter() : RecorderState.readClock(manualClock))
  }
}
