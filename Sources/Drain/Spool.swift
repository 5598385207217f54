import Trace

/// Which chunks of an unlinked file go when it has grown to its limit: the oldest events; definitions stay.
struct Spool {
  private let limit: UInt64
  private var kept: UInt64 = 0
  private var chunks: [Range<UInt64>] = []
  private var oldest = 0
  /// The hole that was made last: a page that it shares with the next one is given back with that.
  private var hole: Range<UInt64> = 0..<0

  init(limit: Int) { self.limit = UInt64(clamping: limit) }

  private static let page: UInt64 = 4_096

  /// Takes note of what was written; returns what to punch out for it.
  mutating func wrote(_ range: Range<UInt64>, events: Bool) -> [Range<UInt64>] {
    kept += range.upperBound - range.lowerBound
    if events { chunks.append(range) }
    var holes: [Range<UInt64>] = []
    // The newest stays whatever its size: a reader is likely to want it.
    while kept > limit, oldest < chunks.count - 1 {
      let chunk = chunks[oldest]
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
}
