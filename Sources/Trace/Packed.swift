// What may be missing, in the words of what it is made of: an id of zero names nothing (there is no loop 0), and no clock
// reads the least of all numbers. An optional of either would take half as much again.

extension RingIdentifier {
  /// `nil` for zero.
  @inlinable init?(packed: UInt64) {
    if packed == 0 { return nil }
    self.init(raw: packed)
  }
}

extension Optional where Wrapped: RingIdentifier {
  /// Zero for `nil`.
  @inlinable var packed: UInt64 { self?.raw ?? 0 }
}

extension Instant {
  /// `nil` for the least number.
  @inlinable init?(packed: Int64) {
    if packed == .min { return nil }
    self.init(packed)
  }
}

extension Instant? {
  /// The least number for `nil`.
  @inlinable var packed: Int64 { self?.nanoseconds ?? .min }
}
