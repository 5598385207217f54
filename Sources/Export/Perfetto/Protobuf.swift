/// A message in protobuf's wire format as it grows.
struct Protobuf {
  private(set) var bytes: [UInt8] = []

  private mutating func key(_ field: UInt32, _ type: UInt32) { varint(UInt64(field << 3 | type)) }

  private mutating func varint(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A whole number; a negative one takes ten bytes, as protobuf's `int64` does.
  mutating func add(_ field: UInt32, _ number: some BinaryInteger) {
    key(field, 0)
    varint(UInt64(truncatingIfNeeded: number))
  }

  /// Eight bytes that are always eight bytes.
  mutating func add(_ field: UInt32, fixed number: UInt64) {
    key(field, 1)
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// A text.
  mutating func add(_ field: UInt32, _ text: String) {
    key(field, 2)
    varint(UInt64(text.utf8.count))
    bytes += text.utf8
  }

  /// A message within this one.
  mutating func add(_ field: UInt32, _ fill: (inout Protobuf) -> Void) {
    var message = Protobuf()
    fill(&message)
    key(field, 2)
    varint(UInt64(message.bytes.count))
    bytes += message.bytes
  }
}
