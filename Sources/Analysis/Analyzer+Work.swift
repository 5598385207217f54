import Trace

// What operations, queue entries and chains mean.
extension Analyzer {
  /// A loop that never polls must not make what has settled or ended pile up.
  private static let settledLimit = 1 << 16

  mutating func create(_ operation: Event.Created, at time: Instant, _ loop: inout LoopAnalysis) {
    loop.knowledge.see(operation.id.serial)
    loop.spin.bearFruit()
    var operation = operation
    if hasUnknown(operation.creator, loop) { operation.creator = nil }
    let chain = operation.chain.map { chains.reference($0) } ?? loop.stack.topChain
    if !adopt(operation, created: time, chain: chain, &loop) { count(.createdTwice) }
    if teller != nil, !operation.standing, let creator = operation.creator {
      teller?.tell(.registrations, .registered(operation.id, by: creator))
    }
  }

  /// Whether a creator is named that has not begun; counts it.
  @inline(__always)
  private mutating func hasUnknown(_ creator: SpanID?, _ loop: LoopAnalysis) -> Bool {
    guard let creator, !loop.stack.isTop(creator), creator.loop == loop.id, loop.knowledge.isYetToCome(creator)
    else { return false }
    count(.unknownCreator)
    return true
  }

  /// Adds an operation, and its chain where that is not known; false where the operation is.
  mutating func adopt(
    _ operation: Event.Created, created: Instant, chain: ChainTable.Reference?, _ loop: inout LoopAnalysis
  ) -> Bool {
    guard operations.create(operation, at: created, chain: chain) else { return false }
    guard !operation.standing else { return true }
    guard let slot = flight(of: chain, at: created, site: operation.site, &loop) else { return true }
    // Only what is followed can settle, and only that keeps a chain in flight.
    guard operations.pool.slot(of: operation.id.raw) != nil else { return true }
    chains[slot].pending += 1
    chains[slot].lastActivity = max(chains[slot].lastActivity, created)
    return true
  }

  /// The chain, brought into flight where it is not.
  private mutating func flight(
    of chain: ChainTable.Reference?, at time: Instant, site: SiteID, _ loop: inout LoopAnalysis
  ) -> Int? {
    guard let chain else { return nil }
    if let slot = chains.slot(chain) { return slot }
    guard let slot = chains.begin(chain.id, at: time, site: site) else { return nil }
    if !loop.knowledge.names.isEmpty, let named = loop.knowledge.names.removeValue(forKey: chain.id) {
      chains[slot].name = named.name
      chains[slot].began = min(time, named.named.bounded)
    }
    // Should whatever it is wanted for not come, it goes at the next poll.
    loop.ending.append(ChainTable.Reference(slot: Int32(slot), id: chain.id))
    return slot
  }

  mutating func settle(_ id: OperationID, _ outcome: Outcome, at time: Instant, _ loop: inout LoopAnalysis) {
    loop.spin.bearFruit()
    if outcome == .cancelled || outcome == .dropped { callOff(id, at: time, &loop) }
    switch operations.settle(id, outcome, at: time) {
    case .excused: break
    case .again: count(.settledTwice)
    case .unknown:
      if id.loop == loop.id ? loop.knowledge.mustKnow(id.serial) : isFollowed(id.loop) {
        // An entry of the ready queue can be cancelled without ever having been an operation.
        if outcome == .success || outcome == .failure { count(.settledUnknown) }
      } else {
        loop.knowledge.forget(id.raw)
      }
    case .settled(let slot):
      if teller != nil { tellOperation(at: slot, settled: (outcome, at: time), loop) }
      let operation = operations.pool[slot]
      if loop.settled.count >= Self.settledLimit { purgeSettled(of: &loop) }
      loop.settled.append(id)
      if outcome == .failure {
        failures.add(.init(id: id, site: operation.site, chain: operation.chain?.id))
      }
      guard !operation.standing else { return }
      if outcome == .dropped { dropped.add(operation.site, loop: loop.id, at: time) }
      guard let slot = chains.slot(operation.chain) else { return }
      chains[slot].pending = max(chains[slot].pending - 1, 0)
      endIfOver(slot, &loop)
    }
  }

  /// Forgets what has settled: its callbacks have run.
  mutating func purgeSettled(of loop: inout LoopAnalysis) {
    // One by one, because `removeAll(keepingCapacity:)` costs more than what is mostly one or two.
    while let operation = loop.settled.popLast() { operations.purge(operation) }
  }

  mutating func enqueue(_ entry: Event.Queued, at time: Instant, _ loop: inout LoopAnalysis) {
    callOff(entry.id, at: time, &loop)
    let chain = entry.chain.map { chains.reference($0) } ?? loop.stack.topChain
    var entry = entry
    if hasUnknown(entry.creator, loop) { entry.creator = nil }
    var waiting = QueueEntry(
      moment: min(entry.moment.bounded, time), chain: chain, loop: loop.id, creator: entry.creator,
      site: entry.site, brood: loop.stalls.census.brood)
    guard let slot = queue.insert(entry.id.raw, fresh: waiting) else { return }
    if let chain = flight(of: chain, at: time, site: entry.site, &loop) {
      chains[chain].queued += 1
      waiting.waitingChain = chains.waiting(chain)
    }
    queue[slot] = waiting
    loop.queueDepth += 1
    if teller != nil { tellQueued(entry, at: waiting.moment, loop) }
    loop.spin.bearFruit()
    loop.blame.log.beginWait(at: waiting.moment, chain: waiting.waitingChain)
  }

  /// Takes an entry out of the ready queue that will never begin, or of which it is not known: up to here it has waited.
  private mutating func callOff(_ id: OperationID, at time: Instant, _ loop: inout LoopAnalysis) {
    guard let entry = take(id, at: time, &loop) else { return }
    harms.reserve(sites.counts.count)
    loop.blame.countVictim(since: entry.moment, until: time, chain: entry.waitingChain, in: &harms)
  }

  /// Takes an entry out of the ready queue.
  @inline(__always)
  mutating func take(_ id: OperationID, at time: Instant, _ loop: inout LoopAnalysis) -> QueueEntry? {
    guard queue.count > 0, let slot = queue.slot(of: id.raw), queue[slot].loop == loop.id else { return nil }
    return take(at: slot, at: time, &loop)
  }

  private mutating func take(at slot: Int, at time: Instant, _ loop: inout LoopAnalysis) -> QueueEntry {
    let entry = queue[slot]
    queue.remove(slot)
    loop.queueDepth -= 1
    if teller != nil { teller?.tell(.readyQueue, .readyQueue(loop.id, at: time, count: Int(loop.queueDepth))) }
    loop.blame.log.endWait(at: max(time, entry.moment), since: entry.moment, chain: entry.waitingChain)
    if let chain = chains.slot(entry.chain) {
      chains[chain].queued = max(chains[chain].queued - 1, 0)
      endIfOver(chain, &loop)
    }
    return entry
  }

  /// Takes out all that the loop had in its ready queue: it is not known what became of it, or it will never run.
  mutating func clearQueue(of loop: inout LoopAnalysis, at time: Instant) {
    guard queue.count > 0 else { return }
    for slot in queue.allSlots where queue.isLive(slot) {
      callOff(OperationID(raw: queue.id(at: slot)), at: time, &loop)
    }
  }

  /// The site of most callbacks in the loop's ready queue. Costs a look at each of them.
  func mostQueued(on loop: LoopID) -> SiteID? {
    var counts: [SiteID: Int] = [:]
    for slot in queue.allSlots where queue.isLive(slot) && queue[slot].loop == loop {
      counts[queue[slot].site, default: 0] += 1
    }
    return counts.max { ($0.value, $1.key.index) < ($1.value, $0.key.index) }?.key
  }

  mutating func name(_ id: ChainID, _ name: String, at time: Instant, _ loop: inout LoopAnalysis) {
    let top = loop.stack.top
    let current = chains.slot(top?.chain)
    let known = chains.pool.slot(of: id.raw)
    if let current, chains[current].isFresh, known == nil { chains.rename(current, to: id) }
    guard let slot = flight(of: chains.reference(id), at: time, site: top?.site ?? .unknown, &loop) else { return }
    chains[slot].name = name
    chains[slot].isFresh = false
    guard let top, slot != current else { return }
    // From here to the end of the callback it is this chain that runs.
    if let current {
      leave(current, top.step, at: time, &loop)
      if chains[current].isFresh && chains[current].isOver { chains.discard(current) }
    }
    let step = chains.enter(slot, top.site, top.kind, ready: nil, at: time)
    loop.stack.changeTop { span in
      span.chain = ChainTable.Reference(slot: Int32(slot), id: id)
      span.chainNumber = chains[slot].number
      span.step = step
      span.startedChain = false
    }
    loop.noteOwner(from: time)
  }

  /// A span of the chain ends.
  @inline(__always)
  mutating func leave(_ slot: Int, _ step: StepReference, at time: Instant, _ loop: inout LoopAnalysis) {
    chains.leave(slot, step, at: time)
    endIfOver(slot, &loop)
  }

  /// Notes a chain that nothing is left of: whether it is over is known when the callbacks of what has settled have run.
  @inline(__always)
  private mutating func endIfOver(_ slot: Int, _ loop: inout LoopAnalysis) {
    guard chains[slot].isOver else { return }
    if loop.ending.count >= Self.settledLimit { finishChains(of: &loop) }
    guard chains[slot].isOver else { return }
    loop.ending.append(ChainTable.Reference(slot: Int32(slot), id: chains[slot].id))
  }

  /// Counts and removes the chains that are over.
  mutating func finishChains(of loop: inout LoopAnalysis) {
    while let reference = loop.ending.popLast() {
      guard let slot = chains.slot(reference), chains[slot].isOver else { continue }
      let duration = chains[slot].lastActivity - chains[slot].began
      let isTold = teller?.subjects.contains(.chains) == true
      if isTold || endedChains.admits(duration) {
        let chain = chains[slot]
        let state: ChainReport.State = chain.hasFailed ? .failed : .completed
        let ended = report(of: chain, at: chain.lastActivity, state: state, waitingOn: nil)
        endedChains.insert(duration, ended)
        if isTold { teller?.told.append(.chain(ended)) }
      }
      chains.finish(slot)
    }
  }

  mutating func failUnhandled(_ id: OperationID, _ text: String, at time: Instant, _ loop: inout LoopAnalysis) {
    let record = operations.pool.slot(of: id.raw).map { operations.pool[$0] }
    let failure = record == nil ? failures.failure(of: id) : nil
    let site = record?.site ?? failure?.site ?? .unknown
    unhandled.add(site, loop: loop.id, at: time, text: text)
    if let slot = chains.slot(record?.chain ?? failure?.chain.map { chains.reference($0) } ?? loop.stack.topChain) {
      chains[slot].hasFailed = true
    } else if let ended = record?.chain?.id ?? failure?.chain {
      failures.forget(ended)
      chains.recountAsFailed()
      teller?.tell(.chains, .chainFailed(ended))
      endedChains.change(where: { $0.id == ended }) { $0.state = .failed }
    }
  }
}
