import Analysis
import Trace
import TraceStore

/// A trace that is to be turned into something else, or a part of it.
///
/// ```swift
/// let source = try ExportSource(TraceStore(path: "spike.looptrace"), since: .seconds(10), until: .seconds(12))
/// try FoldedStacks.write(source, weight: .own) { print($0, terminator: "") }
/// ```
public struct ExportSource {
  /// The trace.
  public let store: TraceStore
  /// The trace's first event, from which all exported times count.
  public let origin: Instant
  /// Wall time of `origin` in nanoseconds since 1970, where the trace tells it.
  public let startedAt: Int64?
  /// What happened outside of it is left out; `nil` for all.
  public let range: ClosedRange<Instant>?
  /// From where on something counts as wrong.
  public let thresholds: Thresholds

  /// All of a trace, or what lies between two times since its first event.
  ///
  /// Throws `ExportError.noEvents`.
  public init(
    _ store: TraceStore, since: Nanoseconds? = nil, until: Nanoseconds? = nil, thresholds: Thresholds = Thresholds()
  ) throws(ExportError) {
    self.thresholds = thresholds
    let chunks = store.chunks.filter { $0.missing == nil }
    guard let first = chunks.map(\.from).min(), let last = chunks.map(\.to).max() else {
      throw .noEvents(name: store.name)
    }
    self.store = store
    let origin = first
    self.origin = origin
    let anchor = chunks.lazy.compactMap { $0.opening ?? $0.closing }.first
    startedAt = anchor.map { $0.realtime &- ($0.monotonic - origin).count }
    guard since != nil || until != nil else {
      range = nil
      return
    }
    let from = since.map { origin + $0 } ?? origin
    range = from...max(from, until.map { origin + $0 } ?? last)
  }

  /// Time since the trace's first event.
  func time(_ moment: Instant) -> Int64 { (moment - origin).count }

  /// Tells what happens, batch by batch, and returns what it all comes to.
  ///
  /// Memory stays bounded by what is in flight. Throws `ExportError.trace`, and what `body` throws.
  func tell(_ subjects: Occurrence.Subjects, to body: (Occurrence) throws(ExportError) -> Void)
    throws(ExportError) -> Report
  {
    var analyzer = Analyzer(thresholds: thresholds, telling: subjects)
    var batches = Batches(self)
    while let batch = try batches.next() {
      try analyzer.consume(batch, definitions: store.definitions) { (occurrence) throws(ExportError) in
        if isWanted(occurrence) { try body(occurrence) }
      }
    }
    analyzer.tellRest(at: nil)
    for occurrence in analyzer.takeOccurrences() where isWanted(occurrence) { try body(occurrence) }
    return analyzer.report(at: nil)
  }

  private func isWanted(_ occurrence: Occurrence) -> Bool {
    guard let range else { return true }
    let interval: (from: Instant, to: Instant?)
    switch occurrence {
    case .began(let callback), .ended(let callback): interval = (callback.began, callback.ended)
    case .tick(let tick): interval = (tick.began, tick.ended)
    case .readyQueue(_, let time, _), .blamed(_, let time, _): interval = (time, time)
    case .operation(let operation): interval = (operation.created, operation.settled)
    case .chain(let chain): interval = (chain.began, chain.began + chain.duration)
    case .stall(let stall): interval = (stall.began, stall.began + stall.duration)
    case .gap(let gap): interval = (gap.gap.from, gap.gap.to)
    case .registered, .chainFailed: return true
    }
    return interval.from <= range.upperBound && interval.to ?? range.lowerBound >= range.lowerBound
  }
}

/// The batches of a source, one after the other.
private struct Batches {
  private let store: TraceStore
  private var cursor = TraceStore.Cursor()
  private var partial: PartialReader?

  init(_ source: ExportSource) {
    store = source.store
    partial = source.range.map { PartialReader(of: source.store, within: [$0]) }
  }

  mutating func next() throws(ExportError) -> Batch? {
    do throws(TraceError) {
      if partial != nil { return try partial?.next() }
      return try store.next(&cursor)
    } catch {
      throw .trace(error)
    }
  }
}
