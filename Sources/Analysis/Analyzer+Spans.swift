import Trace

// What the passes and spans of a loop mean.
extension Analyzer {
  mutating func enterPoll(_ timeout: Nanoseconds?, at time: Instant, _ loop: inout LoopAnalysis) {
    endPass(at: time, isTick: true, &loop)
    if case .polling = loop.phase { return count(.pollOutOfTurn) }
    loop.polls.enter(at: time, timeout: timeout)
    if loop.trend.sample(loop.queueDepth, at: time), loop.queueDepth >= thresholds.growing {
      loop.trend.heaviest = mostQueued(on: loop.id)
    }
    loop.poll(at: time)
  }

  /// The loop has left off running callbacks, to poll or for good.
  mutating func endPass(at time: Instant, isTick: Bool, _ loop: inout LoopAnalysis) {
    closeAll(at: time, &loop)
    if isTick, teller != nil, case .busy(let since, true) = loop.phase {
      let tick = Occurrence.Tick(loop: loop.id, began: since, ended: time, callbacks: loop.stalls.callbacks)
      teller?.tell(.ticks, .tick(tick))
    }
    record(loop.endPass(at: time, isTick: isTick, thresholds: thresholds, sites: sites), &loop)
    purgeSettled(of: &loop)
    finishChains(of: &loop)
  }

  mutating func leavePoll(at time: Instant, _ loop: inout LoopAnalysis) {
    // A second return without an enter between them ends a pass all the same.
    if case .busy = loop.phase {
      count(.pollOutOfTurn)
      enterPoll(.zero, at: time, &loop)
    }
    if loop.knowledge.gap != nil { closeAll(at: time, &loop) }
    let waited = loop.polls.leave(at: time)
    if case .polling(let since) = loop.phase {
      loop.spin.leavePoll(after: time - since)
      if waited || time - since > SpinWatch.instantPoll { loop.witness.countWait(isCertain: waited) }
    }
    loop.leavePoll(at: time)
  }

  /// Closes what is still open where nothing can be: at the loss that hid the end, else now.
  private mutating func closeAll(at time: Instant, _ loop: inout LoopAnalysis) {
    while !loop.stack.isEmpty {
      if loop.knowledge.gap == nil { count(.openSpanAtPoll) }
      closeEarly(at: time, &loop)
    }
    loop.knowledge.gap = nil
  }

  /// Ends the innermost span of which the end has not come: at the loss that may have hidden it, else now.
  private mutating func closeEarly(at time: Instant, _ loop: inout LoopAnalysis) {
    if let top = loop.stack.top { loop.knowledge.closeEarly(top.id) }
    close(at: loop.knowledge.gap ?? time, threw: false, &loop)
  }

  mutating func record(_ stall: StallRecord?, _ loop: inout LoopAnalysis) {
    guard let stall else { return }
    stallCount += 1
    loop.blame.addStall(stall)
    endedStalls?.append(stall)
  }

  mutating func begin(_ span: Event.Began, at time: Instant, _ loop: inout LoopAnalysis) {
    // Which of the spans from before a loss are still open is not known without a checkpoint: none, then.
    if loop.knowledge.gap != nil { closeAll(at: time, &loop) }
    loop.knowledge.see(span.id)
    loop.run(at: time)
    loop.stalls.countSpan()
    loop.callbacks += 1
    loop.track.countCallback(at: time)

    let isNested = !loop.stack.isEmpty
    let entry = span.operation.flatMap { take($0, at: time, &loop) }
    if let entry { loop.stalls.census.dequeue(entry.brood) }
    let operation = span.operation.flatMap { operations.pool.slot(of: $0.raw) }
    let due = operation.flatMap { operations.pool[$0].standing ? nil : operations.pool[$0].due }
    let readiness = Readiness(
      of: span, at: time, queued: entry?.moment, due: due, polls: loop.polls, isNested: isNested)

    var chain = entry?.chain ?? operation.flatMap { operations.pool[$0].chain } ?? loop.stack.topChain
    if span.startsChain {
      chain = chains.begin(ChainID(raw: span.id.raw), at: time, site: span.site).map { slot in
        chains[slot].isFresh = true
        return ChainTable.Reference(slot: Int32(slot), id: ChainID(raw: span.id.raw))
      }
    }
    let slot = chains.slot(chain)
    let waited = readiness.map { Wait($0, entry: entry, chains, slot) }
    let index = Int32(sites.begin(span.site, span.kind))
    loop.spin.begin(index)
    open(span, of: index, chain, slot, isFromQueue: entry != nil, ready: readiness?.certain, at: time, &loop)
    if teller != nil {
      tellBegin(
        span, at: time, readiness, creator: entry?.creator ?? operation.flatMap { operations.pool[$0].creator },
        isStanding: operation.map { operations.pool[$0].standing } ?? false, loop)
    }
    if let waited { end(waited, of: span, at: time, &loop) }
    if loop.blame.isLong { forgetBlame(of: &loop) }
  }

  /// Puts a span onto the stack and into its chain, which stands at a slot if it is in flight.
  @inline(__always)
  private mutating func open(
    _ span: Event.Began, of counts: Int32, _ chain: ChainTable.Reference?, _ slot: Int?, isFromQueue: Bool,
    ready: Instant?, at time: Instant, _ loop: inout LoopAnalysis
  ) {
    var step = StepReference()
    var current: ChainTable.Reference?
    var number = ChainNumber.none
    if let slot, let chain {
      current = ChainTable.Reference(slot: Int32(slot), id: chain.id)
      number = chains[slot].number
      step = chains.enter(slot, span.site, span.kind, ready: ready, at: time)
    }
    let active = ActiveSpan(
      id: span.id, site: span.site, kind: span.kind, counts: counts, began: time, chain: current, chainNumber: number,
      step: step, isFromQueue: isFromQueue, startedChain: span.startsChain)
    if !loop.stack.push(active), let slot { leave(slot, step, at: time, &loop) }
    loop.noteOwner(from: time)
  }

  mutating func end(_ id: SpanID, threw: Bool, at time: Instant, _ loop: inout LoopAnalysis) {
    guard let above = loop.stack.depthAbove(id) else {
      if loop.knowledge.hasClosedEarly(id) || loop.stack.endsDeeper() { return }
      if loop.knowledge.mustKnow(id.serial) { count(.endWithoutBegin) } else { loop.knowledge.forget(id.raw) }
      return
    }
    for _ in 0..<above {
      if loop.knowledge.gap == nil { count(.crossedSpans) }
      closeEarly(at: time, &loop)
    }
    // This one has outlived the loss, and with it those that it lies in.
    loop.knowledge.gap = nil
    close(at: time, threw: threw, &loop)
  }

  /// Ends the innermost span.
  @inline(__always)
  mutating func close(at time: Instant, threw: Bool, _ loop: inout LoopAnalysis) {
    guard let span = loop.stack.pop() else { return }
    let total = max(time - span.began, .zero)
    let own = max(total - span.nested, .zero)
    loop.stack.nest(total)
    loop.stalls.end(span, own: own, total: total, isTopLevel: loop.stack.isEmpty)
    loop.track.add(own: own, from: span.began, to: max(time, span.began))
    if teller != nil { teller?.end(span.id, at: time, own: own, threw: threw, chain: chains.id(span.chain)) }
    sites.end(span, of: loop.id, total: total, own: own, slow: own > thresholds.slow, threw: threw)
    if loop.overlong != nil { noteOverlong(span, own: own, at: time, &loop) }
    if let slot = chains.slot(span.chain) {
      if span.startedChain { chains[slot].isFresh = false }
      leave(slot, span.step, at: max(time, span.began), &loop)
    }
    loop.noteOwner(from: max(time, span.began))
  }
}
