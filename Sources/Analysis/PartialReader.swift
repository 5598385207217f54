import Trace
import TraceStore

/// Reads what of a trace overlaps some intervals, of each loop with the chunk before, which tells what was pending then.
///
/// What lies between is not looked at: to who reads it, it is missing. Costs the decoding of those chunks; what a live
/// writer has not sealed yet is not looked at.
///
/// ```swift
/// let store = try TraceStore(path: "spike.looptrace")
/// var reader = PartialReader(of: store, within: [Instant(0)...Instant(1_000_000_000)])
/// while let batch = try reader.next() { print(batch.events.count) }
/// ```
public struct PartialReader {
  private let store: TraceStore
  private let chunks: [Int]
  private var position = 0
  /// By loop: the last chunk that was read.
  private var last: [LoopID: ChunkSummary] = [:]
  /// A batch whose gap has been handed out ahead of it.
  private var held: Batch?

  /// Nothing has been read yet.
  public init(of store: TraceStore, within intervals: [ClosedRange<Instant>]) {
    self.store = store
    chunks = Self.chunks(of: store, within: intervals)
  }

  /// The next batch, of one loop those in order; `nil` after the last. Throws `TraceError.system`.
  public mutating func next() throws(TraceError) -> Batch? {
    if let batch = held.take() { return batch }
    // What the writer has given up meanwhile is left out.
    while position < chunks.count, chunks[position] < store.chunks.startIndex { position += 1 }
    guard position < chunks.count else { return nil }
    let index = chunks[position]
    position += 1
    let chunk = store.chunks[index]
    let batch = try store.batch(index)
    defer { last[chunk.loop] = chunk }
    guard let before = last[chunk.loop], before.end < chunk.firstEvent else { return batch }
    held = batch
    let gap = Gap(from: before.to, to: chunk.from, events: nil, reason: .unknown)
    return Batch(loop: chunk.loop, events: [Event(chunk.from, .gap(gap))])
  }

  /// How much has been read, 0 … 1.
  public var progress: Double { chunks.isEmpty ? 1 : Double(position) / Double(chunks.count) }

  /// The chunks that overlap the intervals, each with the one of its loop before.
  private static func chunks(of store: TraceStore, within intervals: [ClosedRange<Instant>]) -> [Int] {
    let merged = merge(intervals)
    var before: [LoopID: Int] = [:]
    var wanted: Set<Int> = []
    let chunks = store.chunks
    for (index, chunk) in zip(chunks.indices, chunks) {
      if overlaps(chunk, merged) {
        wanted.insert(index)
        if let before = before[chunk.loop] { wanted.insert(before) }
      }
      before[chunk.loop] = index
    }
    return wanted.sorted()
  }

  private static func merge(_ intervals: [ClosedRange<Instant>]) -> [ClosedRange<Instant>] {
    intervals.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, next in
      if let last = merged.last, next.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, next.upperBound)
      } else {
        merged.append(next)
      }
    }
  }

  private static func overlaps(_ chunk: ChunkSummary, _ intervals: [ClosedRange<Instant>]) -> Bool {
    var (low, high) = (0, intervals.count)
    while low < high {
      let middle = (low + high) / 2
      if intervals[middle].upperBound < chunk.from { low = middle + 1 } else { high = middle }
    }
    return low < intervals.count && intervals[low].lowerBound <= max(chunk.to, chunk.from)
  }
}
