import Drain
import Glibc
import SystemPackage
import Trace
import TraceStore

/// Inputs to begin with: pieces of recorded traces.
enum Seeds {
  /// Writes `chunk`, `trace` and `ring` in a folder, each with some inputs.
  static func write(into folder: String, from traces: [String]) {
    for name in ["chunk", "trace", "ring"] { mkdir("\(folder)/\(name)", 0o700) }
    for (number, path) in traces.enumerated() {
      guard let store = try? TraceStore(path: FilePath(path)) else { continue }
      for (index, chunk) in store.chunks.indices.prefix(3).enumerated() {
        guard let batch = try? store.batch(chunk) else { continue }
        let piece = Batch(
          loop: LoopID(1), events: Array(batch.events.prefix(150)), texts: batch.texts, checkpoints: batch.checkpoints)
        guard let payload = try? ChunkCodec.encode(piece) else { continue }
        let count = withUnsafeBytes(of: UInt32(piece.events.count)) { Array($0) }
        save(count + payload, "\(folder)/chunk/\(number)-\(index)")
        saveTrace([piece], store.definitions, "\(folder)/trace/\(number)-\(index)")
      }
    }
    save(ring, "\(folder)/ring/every-kind")
  }

  private static func saveTrace(_ batches: [Batch], _ definitions: Definitions, _ path: String) {
    guard let writer = try? TraceWriter(creating: FilePath(path), force: true) else { return }
    for site in definitions.sites.dropFirst() { _ = writer.id(of: site) }
    for loop in definitions.loops { _ = writer.add(loop: loop) }
    for batch in batches { writer.append(batch) }
    writer.close()
  }

  /// A ring with one slot of each kind, in order, each with a `more` behind it.
  private static var ring: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 24 + 72 + 4 * 256)
    bytes[24] = 60
    for kind in UInt8(2)...24 {
      bytes += [kind, 0, 1, kind, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0]
      bytes += [1, 0, 1, kind, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0]
    }
    return bytes
  }

  private static func save(_ bytes: [UInt8], _ path: String) {
    guard let file = fopen(path, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
