import Trace

// What happened, for whoever wants it in detail.
extension Analyzer {
  /// Tells what happens, beside summing it up.
  public init(thresholds: Thresholds = Thresholds(), telling subjects: Occurrence.Subjects) {
    self.init(thresholds: thresholds)
    teller = Teller(of: subjects)
  }

  /// A batch can hold a million events, and each is told in many more bytes than it has there.
  private static let piece = 4_096

  /// Takes the next events of a loop as `consume(_:definitions:)` does, and tells what happens in them a little at a time.
  ///
  /// Throws what `body` throws.
  public mutating func consume<Failure>(
    _ batch: Batch, definitions: Definitions, telling body: (Occurrence) throws(Failure) -> Void
  ) throws(Failure) {
    for start in stride(from: 0, to: batch.events.count, by: Self.piece) {
      var piece = batch
      piece.events = Array(batch.events[start..<min(start + Self.piece, batch.events.count)])
      consume(piece, definitions: definitions)
      for occurrence in takeOccurrences() { try body(occurrence) }
    }
  }

  /// What happened since this was last called; to be called after every batch, for until then it is kept.
  public mutating func takeOccurrences() -> [Occurrence] {
    guard let told = teller?.told, !told.isEmpty else { return [] }
    teller?.told = []
    return told
  }

  /// Tells of all that is open at a moment as in `report(at:)`, once there is nothing more to come.
  public mutating func tellRest(at now: Instant?) {
    guard let subjects = teller?.subjects else { return }
    let now = now?.bounded
    let loops = loops.compactMap { $0 }.sorted { $0.id < $1.id }
    for loop in loops {
      let spans = Array(zip(loop.stack.spans, loop.stack.ownTimes(at: loop.moment(now))))
      for (span, own) in spans.reversed() {
        teller?.end(span.id, at: nil, own: own, threw: false, chain: chains.id(span.chain))
      }
    }
    if subjects.contains(.operations) {
      for slot in operations.pool.allSlots where operations.pool.isLive(slot) && !operations.pool[slot].isSettled {
        let loop = OperationID(raw: operations.pool.id(at: slot)).loop
        tellOperation(at: slot, settled: nil, loops.first { $0.id == loop })
      }
    }
    if subjects.contains(.chains) {
      let judgement = ChainJudgement(self, loops, at: now, listingAll: true)
      let told = judgement.all.map { Occurrence.chain(report(of: $0, in: judgement)) }
      teller?.told += told
    }
    if subjects.contains(.stalls) {
      let stalls = unsettledStalls(blame(of: loops, at: now), at: now)
      let told = (stalls.ended + stalls.open).map { Occurrence.stall(report(of: $0)) }
      teller?.told += told
    }
  }

  /// A callback has begun: it is on top of its loop's stack.
  mutating func tellBegin(
    _ span: Event.Began, at time: Instant, _ readiness: Readiness?, creator: SpanID?, isStanding: Bool,
    _ loop: LoopAnalysis
  ) {
    let spans = loop.stack.spans
    guard spans.last?.id == span.id else { return }
    teller?.begin(
      Occurrence.Callback(
        id: span.id, site: span.site, kind: span.kind, trigger: span.trigger,
        parent: spans.count > 1 ? spans[spans.count - 2].id : nil, began: time, ready: readiness?.certain,
        earliest: readiness?.earliest, operation: span.operation, isStanding: isStanding, creator: creator,
        chain: chains.id(spans.last?.chain)))
  }

  /// The operation at the slot has settled, or is pending for good.
  mutating func tellOperation(at slot: Int, settled: (Outcome, at: Instant)?, _ loop: LoopAnalysis?) {
    let operation = operations.pool[slot]
    let history = Occurrence.OperationHistory(
      id: OperationID(raw: operations.pool.id(at: slot)), kind: operation.kind, isStanding: operation.standing,
      site: operation.site, created: operation.created, settled: settled?.at, outcome: settled?.0, due: operation.due,
      label: operation.descriptor.flatMap { loop?.labels[$0] }, creator: operation.creator,
      chain: chains.id(operation.chain))
    teller?.tell(.operations, .operation(history))
  }

  /// A callback begins that waited: what had the loop meanwhile.
  mutating func tellBlame(_ wait: Wait, of span: SpanID, at time: Instant, _ loop: LoopAnalysis) {
    var charges: [Occurrence.Charge] = []
    var places: [SpanID: Int] = [:]
    var sums: [Occurrence.Charge.Cause: Nanoseconds] = [:]
    loop.blame.log.forEachPart(from: wait.readiness.certain, to: time, chain: wait.chain) { cause, piece, time in
      guard let span = piece?.span, cause == .callback || cause == .ownChain else {
        return sums[cause, default: .zero] += time
      }
      if let place = places[span], charges[place].cause == cause {
        charges[place].time = charges[place].time + time
      } else {
        places[span] = charges.count
        charges.append(Occurrence.Charge(span: span, cause: cause, time: time))
      }
    }
    charges += Occurrence.Charge.Cause.allCases.compactMap { cause in
      sums[cause].map { Occurrence.Charge(span: nil, cause: cause, time: $0) }
    }
    teller?.told.append(.blamed(span, at: time, charges.filter { $0.time > .zero }))
  }

  /// Something is put into the ready queue.
  mutating func tellQueued(_ entry: Event.Queued, at moment: Instant, _ loop: LoopAnalysis) {
    teller?.tell(.readyQueue, .readyQueue(loop.id, at: moment, count: Int(loop.queueDepth)))
    if let creator = entry.creator { teller?.tell(.registrations, .registered(entry.id, by: creator)) }
  }
}

extension ChainTable {
  /// The id that the chain has by now: it may have been named since.
  func id(_ reference: Reference?) -> ChainID? { slot(reference).map { self[$0].id } ?? reference?.id }
}
