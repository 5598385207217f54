import Trace
import TraceStore

/// The ledgers of single waits, made when they are asked for by reading the part of the trace that they lie in again.
public struct Ledgers: Sendable {
  /// The longest waits first, at most 4,096.
  public let all: [Ledger]

  /// Reads what of a trace overlaps the intervals, of each loop with the chunk before, which tells what was pending then.
  ///
  /// Its cost is that of decoding those chunks; what a live writer has not sealed yet is not looked at. Throws
  /// `TraceError.system` where the trace cannot be read.
  public init(in store: TraceStore, of request: LedgerRequest, within intervals: [ClosedRange<Instant>])
    throws(TraceError)
  {
    var analyzer = Analyzer(collecting: request)
    let wanted = Self.chunks(of: store, within: intervals)
    var last: [LoopID: Int] = [:]
    for index in wanted {
      let chunk = store.chunks[index]
      let batch = try store.batch(index)
      if let before = last[chunk.loop], store.chunks[before].end < chunk.firstEvent {
        // What lies between is not looked at: to the analysis it is missing.
        let from = store.chunks[before].to
        let gap = Gap(from: from, to: chunk.from, events: nil, reason: .unknown)
        analyzer.consume(
          Batch(loop: chunk.loop, events: [Event(chunk.from, .gap(gap))]), definitions: store.definitions)
      }
      last[chunk.loop] = index
      analyzer.consume(batch, definitions: store.definitions)
    }
    all = analyzer.collector?.found.elements.map(\.element) ?? []
  }

  /// The chunks that overlap the intervals, each with the one of its loop before.
  private static func chunks(of store: TraceStore, within intervals: [ClosedRange<Instant>]) -> [Int] {
    let merged = merge(intervals)
    var before: [LoopID: Int] = [:]
    var wanted: Set<Int> = []
    for (index, chunk) in store.chunks.enumerated() {
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

  /// What callbacks of each site made the callbacks of a chain wait, the most first.
  public func blame(of chain: ChainID) -> [(site: Site, time: Nanoseconds)] {
    var sums: [Site: Nanoseconds] = [:]
    for ledger in all where ledger.chain == chain {
      for charge in ledger.charges { sums[charge.site, default: .zero] += charge.time }
    }
    return sums.sorted { ($0.value, $1.key.function, $1.key.line) > ($1.value, $0.key.function, $0.key.line) }
      .map { ($0.key, $0.value) }
  }
}
