import CLinux
import Glibc
import SystemPackage
import Trace
import TraceStore

/// A whole file whose CRCs are right and whose content is not.
enum TraceTarget {
  private static let file = ll_memfd_create("looptop-fuzz")

  static func run(_ data: UnsafeRawBufferPointer) -> Int32 {
    var bytes = Array(data)
    makeIntact(&bytes)
    ftruncate(file, 0)
    guard bytes.withUnsafeBytes({ pwrite(file, $0.baseAddress, $0.count, 0) }) == bytes.count else { return -1 }
    guard let store = try? TraceStore(descriptor: FileDescriptor(rawValue: file), name: "fuzz") else { return 0 }
    try? store.verify()
    var cursor = TraceStore.Cursor()
    var text = ""
    var writer = TraceTextWriter()
    while let batch = try? store.next(&cursor) {
      // In pieces, as everybody reads it: only what is printed may pile up.
      text = ""
      if batch.events.count < 4_096 { writer.write(batch, store.definitions, to: &text) }
    }
    return 0
  }

  /// Puts the magics, offsets and CRCs right where a header would be looked for. The first byte says of how many chunks,
  /// so that damaged ones are among the inputs as well.
  private static func makeIntact(_ bytes: inout [UInt8]) {
    guard bytes.count >= FileHeader.size else { return }
    let chunks = Int(bytes[0])
    bytes.replaceSubrange(0..<8, with: FileHeader.magic)
    put(crc32(bytes[..<60]), at: 60, in: &bytes)
    var at = FileHeader.size
    for _ in 0..<chunks {
      guard bytes.count - at >= ChunkHeader.size else { return }
      let rest = bytes.count - at - ChunkHeader.size
      let stored = min(Int(bytes[at + 48]) | Int(bytes[at + 49]) << 8, rest)
      bytes.replaceSubrange(at..<(at + 8), with: ChunkHeader.magic)
      put(UInt32(stored), at: at + 48, in: &bytes)
      let payload = at + ChunkHeader.size
      put(crc32(bytes[payload..<(payload + stored)]), at: at + 56, in: &bytes)
      put(UInt64(at), at: at + 120, in: &bytes)
      put(crc32(bytes[(at + 12)..<payload]), at: at + 8, in: &bytes)
      at = payload + stored
    }
  }

  private static func put(_ number: some FixedWidthInteger, at offset: Int, in bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.replaceSubrange(offset..<(offset + $0.count), with: $0) }
  }

  private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.withUnsafeBytes { Trace.crc32($0) } }
}
