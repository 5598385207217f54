import CZstd

/// A chunk's payload, packed and unpacked.
package enum Payload {
  /// What is wrong with a payload.
  package enum Failure: Error, Hashable {
    /// It cannot be what a writer wrote.
    case damaged
    /// It is longer than a chunk may be.
    case tooLong
    /// It is packed in a way that a later version brought.
    case unknownCodec
  }

  /// The whole chunk, header and all, as it is appended to a file at `header.offset`.
  package static func seal(_ raw: [UInt8], under header: ChunkHeader) throws(Failure) -> [UInt8] {
    guard raw.count <= ChunkHeader.payloadLimit else { throw .tooLong }
    var header = header
    var packed = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(raw.count)) { buffer, count in
      let size = ZSTD_compress(buffer.baseAddress, buffer.count, raw, raw.count, effort(for: header))
      count = ZSTD_isError(size) == 0 ? size : 0
    }
    header.codec = ChunkHeader.Codec.zstd.rawValue
    if packed.isEmpty || packed.count >= raw.count {
      packed = raw
      header.codec = ChunkHeader.Codec.stored.rawValue
    }
    header.stored = UInt32(packed.count)
    header.raw = UInt32(raw.count)
    header.payloadCRC = packed.withUnsafeBytes(crc32)
    return header.bytes + packed
  }

  /// How hard zstd tries: a chunk that was not full was sealed for its age, so its loop is slow and there is time.
  ///
  /// Measured on recordings of the demos: level 9 takes 5 % off level 3 and costs 86 ns an event where that costs 26. Of a
  /// full chunk level 1 leaves 1.796 bytes an event where level 3 leaves 1.790, in half the time: 9 ns.
  private static func effort(for header: ChunkHeader) -> Int32 { header.events < 1 << 15 ? 9 : 1 }

  /// The payload unpacked: at most `ChunkHeader.payloadLimit` bytes, whatever `stored` says of itself.
  package static func open(_ stored: UnsafeRawBufferPointer, under header: ChunkHeader) throws(Failure) -> [UInt8] {
    guard stored.count == Int(header.stored), crc32(stored) == header.payloadCRC else { throw .damaged }
    switch ChunkHeader.Codec(rawValue: header.codec) {
    case .stored:
      guard header.raw == header.stored else { throw .damaged }
      return [UInt8](stored)
    case .zstd:
      let raw = [UInt8](unsafeUninitializedCapacity: Int(header.raw)) { buffer, count in
        let size = ZSTD_decompress(buffer.baseAddress, buffer.count, stored.baseAddress, stored.count)
        count = ZSTD_isError(size) == 0 ? size : 0
      }
      guard raw.count == Int(header.raw) else { throw .damaged }
      return raw
    case nil: throw .unknownCodec
    }
  }
}
