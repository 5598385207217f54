import Trace

/// A chunk's payload as it is when its CRC is right and its content is not: what counts as damage must be found, and what
/// is taken must be encoded again to the same.
enum ChunkTarget {
  /// The first four bytes are how many events the header promises, the rest the payload unpacked.
  static func run(_ data: UnsafeRawBufferPointer) -> Int32 {
    guard data.count >= 4 else { return -1 }
    var header = ChunkHeader(kind: .events)
    header.loop = LoopID(1)
    header.events = data.loadUnaligned(as: UInt32.self)
    guard let batch = try? ChunkCodec.decode(Array(data[4...]), under: header) else { return 0 }
    precondition(batch.events.count <= Int(header.events), "more events than the header promised")
    // What refers to nothing is left out, and then nothing more.
    guard let again = try? ChunkCodec.encode(batch) else { return 0 }
    header.events = UInt32(batch.events.count)
    guard let first = try? ChunkCodec.decode(again, under: header) else {
      preconditionFailure("what was encoded cannot be decoded")
    }
    precondition(first.events.map(\.time) == batch.events.map(\.time), "times are not as they were")
    return 0
  }
}
