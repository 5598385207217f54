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
    var reader = PartialReader(of: store, within: intervals)
    while let batch = try reader.next() { analyzer.consume(batch, definitions: store.definitions) }
    all = analyzer.collector?.found.elements.map(\.element) ?? []
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
