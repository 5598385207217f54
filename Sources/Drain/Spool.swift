import Trace

/// Which chunks of a file go when it has grown to its limit: the oldest events; definitions stay.
struct Spool {
  /// A chunk of events that is still there, or goes next.
  private struct Chunk {
    var range: Range<UInt64>
    var loop: LoopID
    var from: Instant
    var to: Instant
    /// Whether a reader can start with it: it begins with a checkpoint, or with its loop.
    var opens: Bool
  }

  private let keep: Keep
  private var kept: UInt64 = 0
  private var newest: Instant?
  private var chunks: [Chunk] = []
  private var oldest = 0
  /// The hole that was made last: a page that it shares with the next one is given back with that.
  private var hole: Range<UInt64> = 0..<0

  init(_ keep: Keep) { self.keep = keep }

  private static let page: UInt64 = 4_096
  /// A loop's checkpoints are a second apart, and what stands ahead of the first one left is of no use: so much more is
  /// kept of the past.
  private static let margin = Nanoseconds.seconds(2)

  /// Takes note of what was written; returns what to punch out for it.
  mutating func wrote(_ range: Range<UInt64>, _ header: ChunkHeader, opens: Bool) -> [Range<UInt64>] {
    kept += range.upperBound - range.lowerBound
    if header.kind == ChunkHeader.Kind.events.rawValue {
      chunks.append(Chunk(range: range, loop: header.loop, from: header.from, to: header.to, opens: opens))
      newest = newest.map { max($0, header.to) } ?? header.to
    }
    var holes: [Range<UInt64>] = []
    // The newest stays whatever its size: a reader is likely to want it.
    while oldest < chunks.count - 1, isBeyondLimit(chunks[oldest]) {
      let chunk = chunks[oldest].range
      oldest += 1
      kept -= chunk.upperBound - chunk.lowerBound
      let joins = hole.upperBound == chunk.lowerBound && !hole.isEmpty
      hole = (joins ? hole.lowerBound : chunk.lowerBound)..<chunk.upperBound
      holes.append(max(hole.lowerBound, chunk.lowerBound / Self.page * Self.page)..<chunk.upperBound)
    }
    if oldest > 1_024 {
      chunks.removeFirst(oldest)
      oldest = 0
    }
    return holes
  }

  /// Where the oldest chunk begins that is still there.
  var keptFrom: UInt64 { oldest < chunks.count ? chunks[oldest].range.lowerBound : 0 }

  private func isBeyondLimit(_ chunk: Chunk) -> Bool {
    switch keep {
    case .bytes(let limit): kept > UInt64(clamping: limit)
    case .latest(let age): newest.map { $0 - chunk.to > age + Self.margin } ?? false
    }
  }

  /// The chunks that tell of a time, in the file's order: each loop's from the last one on at which a reader can start.
  ///
  /// Without an end it is what comes, too: a loop that was silent by then belongs to it.
  func chunks(from: Instant, to: Instant?) -> [Range<UInt64>] {
    var starts: [LoopID: Int] = [:]
    var ends: [LoopID: Instant] = [:]
    for (index, chunk) in chunks.enumerated().dropFirst(oldest) {
      ends[chunk.loop] = chunk.to
      guard chunk.opens, chunk.from <= from || starts[chunk.loop] == nil else { continue }
      starts[chunk.loop] = index
    }
    return chunks.enumerated().dropFirst(oldest).compactMap { index, chunk in
      guard index >= starts[chunk.loop] ?? 0 else { return nil }
      if let to, chunk.from > to || ends[chunk.loop] ?? to < from { return nil }
      return chunk.range
    }
  }
}
