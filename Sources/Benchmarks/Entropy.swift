import Glibc
import Trace

/// How small a trace's columns could be made by a packer that knows how often each symbol occurs, and nothing else.
///
/// Each column of each chunk by itself, as it stands in the payload ahead of zstd; headers, names and the index count as
/// nothing, though the file is measured with them.
struct Entropy {
  /// The symbols are bytes: each place in the numbers of a column has its own distribution. This is what a packer of
  /// bytes can reach.
  private(set) var ofBytes = 0.0
  /// The symbols are whole numbers. A column in which no number occurs twice costs the logarithm of its length here,
  /// whatever the numbers: the table that a reader would need is not counted, which makes small chunks look too small.
  private(set) var ofNumbers = 0.0

  /// Of all chunks of events in a file; `nil` where it cannot be read.
  init?(ofFile path: String) {
    guard let file = contents(path) else { return nil }
    file.withUnsafeBytes { bytes in
      var at = FileHeader.size
      while at < bytes.count, let header = ChunkHeader(UnsafeRawBufferPointer(rebasing: bytes[at...])) {
        let stored = bytes[min(at + ChunkHeader.size, bytes.count)...].prefix(Int(header.stored))
        if header.kind == ChunkHeader.Kind.events.rawValue,
          let payload = try? Payload.open(UnsafeRawBufferPointer(rebasing: stored), under: header)
        {
          add(payload)
        }
        at += ChunkHeader.size + Int(header.stored)
      }
    }
  }

  /// Adds the columns of a payload, as FORMAT.md has them: a directory of eight bytes a column, then their planes.
  private mutating func add(_ payload: [UInt8]) {
    payload.withUnsafeBytes { bytes in
      var directory = ByteReader(bytes)
      let count: UInt16 = directory.number() ?? 0
      _ = directory.take(2)
      var at = 4 + 8 * Int(count)
      for _ in 0..<count {
        _ = directory.take(3)
        let width = Int(directory.number(UInt8.self) ?? 0)
        let values = Int(directory.number(UInt32.self) ?? 0)
        guard at + width * values <= bytes.count else { return }
        let planes = (0..<width).map { bytes[(at + $0 * values)..<(at + ($0 + 1) * values)] }
        for plane in planes { ofBytes += size(plane) }
        ofNumbers += size(
          (0..<values).map { index in
            planes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1[$1.startIndex + index]) }
          })
        at += width * values
      }
    }
  }

  /// The bytes that the symbols take at best.
  private func size<Symbol: Hashable>(_ symbols: some Collection<Symbol>) -> Double {
    var counts: [Symbol: Int] = [:]
    for symbol in symbols { counts[symbol, default: 0] += 1 }
    let total = Double(symbols.count)
    return counts.values.reduce(0.0) { $0 - Double($1) * log2(Double($1) / total) } / 8
  }
}

/// All bytes of a file; `nil` where it cannot be read.
func contents(_ path: String) -> [UInt8]? {
  guard let stream = fopen(path, "r") else { return nil }
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 20)
  while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
  return bytes
}
