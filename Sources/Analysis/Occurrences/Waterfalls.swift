import Trace
import TraceStore

/// The waterfalls of some chains, made when they are asked for by reading their part of the trace again.
public struct Waterfalls: Sendable {
  private var all: [ChainID: Waterfall] = [:]

  /// Reads what of a trace overlaps the chains' time, of each loop with the chunk before.
  ///
  /// Costs the decoding of those chunks, and memory for the chains' steps only. Throws `TraceError.system` where the trace
  /// cannot be read.
  public init(of chains: [ChainReport], in store: TraceStore) throws(TraceError) {
    guard !chains.isEmpty else { return }
    var collector = WaterfallCollector(Set(chains.map(\.id)))
    var analyzer = Analyzer(telling: [.callbacks, .operations])
    var reader = PartialReader(of: store, within: chains.map { $0.began...$0.began + $0.duration })
    while let batch = try reader.next() {
      analyzer.consume(batch, definitions: store.definitions) { collector.take($0) }
    }
    analyzer.tellRest(at: nil)
    for occurrence in analyzer.takeOccurrences() { collector.take(occurrence) }
    for chain in chains { all[chain.id] = collector.steps(of: chain.id, store.definitions).waterfall(of: chain) }
  }

  /// That of a chain; `nil` for one that was not asked for.
  public subscript(chain: ChainID) -> Waterfall? { all[chain] }
}

/// Picks the steps and operations of some chains from all that is told.
struct WaterfallCollector {
  /// A callback that ran lately.
  private struct Known {
    var span: SpanID
    var site: SiteID
  }

  /// An operation of a chain.
  struct Operation {
    var history: Occurrence.OperationHistory
    /// The callback that settled it.
    var settledBy: SpanID?
  }

  /// What there is of one chain.
  struct Parts {
    var steps: [Occurrence.Callback] = []
    var operations: [OperationID: Operation] = [:]
    var isCut = false
  }

  private(set) var parts: [ChainID: Parts]
  /// By loop, outermost first.
  private var open: [LoopID: [SpanID]] = [:]
  /// The sites of those that ended last: older ones go as new ones come.
  private var sites: [SpanID: SiteID] = [:]
  private var recent: [SpanID] = []
  private var oldest = 0
  private static let memory = 1 << 16
  private static let operationLimit = 4_096

  init(_ chains: Set<ChainID>) {
    parts = Dictionary(uniqueKeysWithValues: chains.map { ($0, Parts()) })
  }

  mutating func take(_ occurrence: Occurrence) {
    switch occurrence {
    case .began(let callback):
      remember(callback)
      open[callback.id.loop, default: []].append(callback.id)
    case .ended(let callback):
      if let place = open[callback.id.loop]?.lastIndex(of: callback.id) { open[callback.id.loop]?.remove(at: place) }
      guard let chain = callback.chain, parts[chain] != nil else { return }
      parts[chain]!.steps.append(callback)
      // In one go: one by one would move all of them each time.
      if parts[chain]!.steps.count >= 4 * Waterfall.stepLimit {
        parts[chain]!.steps.removeFirst(2 * Waterfall.stepLimit)
        parts[chain]!.isCut = true
      }
    case .operation(let history):
      guard let chain = history.chain, parts[chain] != nil, parts[chain]!.operations.count < Self.operationLimit else {
        return
      }
      let settler = history.settled == nil ? nil : open[history.id.loop]?.last
      parts[chain]!.operations[history.id] = Operation(history: history, settledBy: settler)
    default: break
    }
  }

  private mutating func remember(_ callback: Occurrence.Callback) {
    if recent.count < Self.memory {
      recent.append(callback.id)
    } else {
      sites[recent[oldest]] = nil
      recent[oldest] = callback.id
      oldest = (oldest + 1) % Self.memory
    }
    sites[callback.id] = callback.site
  }

  /// What was told of a chain, put in order.
  func steps(of chain: ChainID, _ definitions: Definitions) -> ChainSteps {
    let parts = parts[chain] ?? Parts()
    let told = parts.steps.sorted { ($0.began, $0.id.serial) < ($1.began, $1.id.serial) }.suffix(Waterfall.stepLimit)
    let indices = Dictionary(told.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
    func party(_ span: SpanID?) -> Waterfall.Party? {
      span.map { span in
        Waterfall.Party(
          span: span, site: sites[span].map(definitions.site) ?? .unknown, step: indices[span])
      }
    }
    var known = ChainSteps()
    for callback in told {
      let operation = callback.operation.flatMap { parts.operations[$0] }
      let parent = callback.parent.flatMap { indices[$0] }
      let depth = parent.map { $0 < known.steps.count ? known.steps[$0].depth + 1 : 0 } ?? 0
      if callback.ended == nil { known.open.insert(known.steps.count) }
      known.steps.append(
        Waterfall.Step(
          id: callback.id, site: definitions.site(callback.site), kind: callback.kind, depth: depth,
          trigger: callback.trigger, triggeredBy: party(trigger(of: callback, operation)),
          createdBy: party(operation?.history.creator ?? callback.creator), ready: callback.ready,
          began: callback.began, duration: callback.ended.map { max($0 - callback.began, .zero) } ?? .zero))
      known.operations.append(callback.isStanding ? nil : operation.map { pending($0, definitions) })
    }
    known.isCut = parts.isCut || parts.steps.count > told.count
    return known
  }

  private func trigger(of callback: Occurrence.Callback, _ operation: Operation?) -> SpanID? {
    guard callback.trigger == .callback || callback.trigger == .unknown else { return nil }
    // What never was an operation, only an entry of the ready queue, was made ready by who put it there.
    return callback.parent ?? (operation == nil ? callback.creator : operation?.settledBy)
  }

  private func pending(_ operation: Operation, _ definitions: Definitions) -> PendingOperation {
    let history = operation.history
    return PendingOperation(
      id: history.id, kind: history.kind, site: definitions.site(history.site), created: history.created,
      due: history.due, label: history.label)
  }
}
