// Little-endian numbers and counted strings, the alphabet of everything in the file that is not a column.

extension [UInt8] {
  /// Appends a number, least significant byte first.
  package mutating func append<T: FixedWidthInteger>(number: T) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends a string: its length in bytes as four bytes, then its UTF-8.
  package mutating func append(counted text: String) {
    append(number: UInt32(text.utf8.count))
    append(contentsOf: text.utf8)
  }
}

/// Reads what may lie: past the end every number is `nil`, and nothing is read.
package struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  /// From the first byte of `bytes`, which must outlive the reader.
  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Bytes that are left.
  package var left: Int { bytes.count - at }

  /// The next number, least significant byte first.
  package mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
    guard left >= MemoryLayout<T>.size else { return nil }
    defer { at += MemoryLayout<T>.size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: T.self))
  }

  /// The next `count` bytes.
  package mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, left >= count else { return nil }
    defer { at += count }
    return UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
  }

  /// The next counted string; what is no UTF-8 in it is replaced.
  package mutating func text() -> String? {
    guard let count: UInt32 = number(), let bytes = take(Int(count)) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Maps small numbers of either sign to small numbers without one: 0, −1, 1, −2 … to 0, 1, 2, 3 …
@inline(__always) func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }

/// The inverse of `zigzag`.
@inline(__always) func unzigzag(_ value: UInt64) -> Int64 {
  Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
}
