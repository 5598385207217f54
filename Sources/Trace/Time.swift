/// A length of time in nanoseconds; negative where one moment is subtracted from an earlier one.
public struct Nanoseconds: Hashable, Comparable, AdditiveArithmetic, Sendable {
  /// The count; the full range of `Int64`, which is 292 years.
  public var count: Int64

  /// Wraps a count of nanoseconds.
  @inlinable public init(_ count: Int64) { self.count = count }

  /// No time at all.
  @inlinable public static var zero: Nanoseconds { Nanoseconds(0) }

  /// `count` microseconds.
  @inlinable public static func microseconds(_ count: Int64) -> Nanoseconds { Nanoseconds(count * 1_000) }
  /// `count` milliseconds.
  @inlinable public static func milliseconds(_ count: Int64) -> Nanoseconds { Nanoseconds(count * 1_000_000) }
  /// `count` seconds, rounded to the nearest nanosecond.
  @inlinable public static func seconds(_ count: Double) -> Nanoseconds { Nanoseconds(Int64((count * 1e9).rounded())) }

  /// The same length in seconds.
  @inlinable public var seconds: Double { Double(count) / 1e9 }

  /// Shorter before longer, negative before both.
  @inlinable public static func < (a: Nanoseconds, b: Nanoseconds) -> Bool { a.count < b.count }
  // Wrapping, because both sides may come from a file that lies: an overflow must not bring the reader down.

  /// The sum; wraps on overflow.
  @inlinable public static func + (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds { Nanoseconds(a.count &+ b.count) }
  /// The difference; wraps on overflow.
  @inlinable public static func - (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds { Nanoseconds(a.count &- b.count) }
}

/// A moment on the host's `CLOCK_MONOTONIC`, in nanoseconds since that clock's zero.
public struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since the clock's zero.
  public var nanoseconds: Int64

  /// Wraps a reading of `CLOCK_MONOTONIC` in nanoseconds.
  @inlinable public init(_ nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Earlier before later.
  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  /// The time from `b` to `a`.
  @inlinable public static func - (a: Instant, b: Instant) -> Nanoseconds {
    Nanoseconds(a.nanoseconds &- b.nanoseconds)
  }
  /// The moment `b` after `a`.
  @inlinable public static func + (a: Instant, b: Nanoseconds) -> Instant { Instant(a.nanoseconds &+ b.count) }
  /// The moment `b` before `a`.
  @inlinable public static func - (a: Instant, b: Nanoseconds) -> Instant { Instant(a.nanoseconds &- b.count) }
}

/// One moment read on every clock at once: what ties a recorder's counter to the host's clocks and to wall time.
public struct Anchor: Hashable, Sendable {
  /// The recorder's raw counter (its unit is the recorder's own).
  public var counter: UInt64
  /// `CLOCK_MONOTONIC`.
  public var monotonic: Instant
  /// `CLOCK_BOOTTIME` in nanoseconds: runs on while the machine is suspended.
  public var boottime: Int64
  /// `CLOCK_REALTIME` in nanoseconds since 1970.
  public var realtime: Int64

  /// An anchor from its four readings.
  public init(counter: UInt64, monotonic: Instant, boottime: Int64, realtime: Int64) {
    self.counter = counter
    self.monotonic = monotonic
    self.boottime = boottime
    self.realtime = realtime
  }
}
