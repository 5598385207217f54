import Analysis
import Trace
import TraceStore

/// Some time of a trace, batch by batch, as if there were no other: what was open when it began comes first.
struct Excerpt {
  private let part: TracePart
  private let begin: Instant
  private let store: TraceStore
  private let lens: Lens
  /// The loops whose begins are to be looked for, in reverse.
  private var loops: [LoopID]
  private let chunks: [Int]
  private var position = 0
  /// What was not sealed when the last chunk was read; `nil` until then.
  private var open: [Batch]?

  /// Nothing has been read yet; what is recorded later is not part of it.
  init(of range: ClosedRange<Instant>, in store: TraceStore) {
    let part = TracePart(from: range.lowerBound, to: range.upperBound)
    self.part = part
    self.store = store
    begin = range.lowerBound
    lens = Lens(store)
    loops = store.definitions.loops.map(\.id).reversed()
    chunks = store.chunks.indices.filter { part.overlaps(store.chunks[$0]) }
  }

  /// How much has been read, 0 … 1.
  var progress: Double { Double(position) / Double(max(1, chunks.count)) }

  /// The next batch; `nil` after the last.
  mutating func next() throws(TraceError) -> Batch? {
    while let loop = loops.popLast() {
      if let opening = try lens.opening(of: loop, at: begin) { return opening }
    }
    // What the writer has given up meanwhile is left out.
    while position < chunks.count, chunks[position] < store.chunks.startIndex { position += 1 }
    if position < chunks.count {
      position += 1
      return part.cut(try store.batch(chunks[position - 1]))
    }
    if open == nil { open = store.open.reversed() }
    return open?.popLast().map(part.cut)
  }
}
