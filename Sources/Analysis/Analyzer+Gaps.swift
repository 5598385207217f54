import Trace

// What is missing, and what checkpoints tell about it.
extension Analyzer {
  mutating func lose(_ gap: Gap, at time: Instant, _ loop: inout LoopAnalysis) {
    gapCount += 1
    if gaps.count < Self.gapLimit { gaps.append(LoopGap(loop: loop.id, gap: gap)) }
    teller?.tell(.gaps, .gap(LoopGap(loop: loop.id, gap: gap)))
    // Neither busy nor idle: where the loop was is not known.
    let end = min(max(gap.from.bounded, loop.first), time)
    if case .busy(let since, _) = loop.phase {
      record(loop.endPass(at: max(end, since), isTick: false, thresholds: thresholds, sites: sites), &loop)
    }
    loop.stopPolling(at: end)
    loop.phase = .unknown
    loop.polls.lose()
    clearQueue(of: &loop, at: end)
    loop.blame.lose(from: end)
    loop.knowledge.lose(from: end, to: max(gap.to.bounded, end))
  }

  mutating func adopt(_ checkpoint: Checkpoint, at time: Instant, _ loop: inout LoopAnalysis) {
    guard loop.knowledge.needsCheckpoint else { return }
    if loop.knowledge.gap != nil { reconcile(with: checkpoint, &loop) }
    let names = checkpoint.chains
    let knowledge = loop.knowledge
    loop.knowledge.take(checkpoint)
    for row in checkpoint.operations where knowledge.isNews(row.operation.id.raw, began: row.created) {
      let chain = row.operation.chain.map { chains.reference($0) }
      _ = adopt(row.operation, created: min(row.created.bounded, time), chain: chain, &loop)
    }
    for row in checkpoint.spans where knowledge.isNews(row.span.id.raw, began: row.began) {
      adopt(row, at: time, &loop)
    }
    for row in names {
      guard let slot = chains.pool.slot(of: row.id.raw), chains[slot].name == nil else { continue }
      chains[slot].name = row.name
      loop.knowledge.names[row.id] = nil
    }
    for row in checkpoint.descriptors.prefix(1 << 16) { loop.labels[row.descriptor] = row.label }
  }

  /// What a checkpoint after a loss does not list has ended in it.
  private mutating func reconcile(with checkpoint: Checkpoint, _ loop: inout LoopAnalysis) {
    let open = Set(checkpoint.spans.map(\.span.id))
    while let top = loop.stack.top, !open.contains(top.id) {
      close(at: loop.knowledge.gap ?? loop.last, threw: false, &loop)
    }
    loop.knowledge.gap = nil
    guard checkpoint.unlisted == 0 else { return }
    let pending = Set(checkpoint.operations.map(\.operation.id.raw))
    for slot in operations.pool.allSlots where operations.pool.isLive(slot) && !operations.pool[slot].isSettled {
      let id = OperationID(raw: operations.pool.id(at: slot))
      guard id.loop == loop.id, !pending.contains(id.raw) else { continue }
      let operation = operations.pool[slot]
      // Created since: the checkpoint may have been taken before.
      guard operation.created <= loop.knowledge.from else { continue }
      if teller != nil { tellOperation(at: slot, settled: nil, loop) }
      operations.lose(slot)
      if !operation.standing, let chain = chains.slot(operation.chain) {
        chains[chain].pending = max(chains[chain].pending - 1, 0)
        loop.ending.append(ChainTable.Reference(slot: Int32(chain), id: chains[chain].id))
      }
    }
  }

  /// Opens a span that began before anything was known.
  private mutating func adopt(_ row: OpenSpan, at time: Instant, _ loop: inout LoopAnalysis) {
    guard loop.stack.depthAbove(row.span.id) == nil else { return }
    let began = min(row.began.bounded, time)
    loop.run(at: min(max(began, loop.knowledge.from), time))
    loop.callbacks += 1
    let operation = row.span.operation.flatMap { operations.pool.slot(of: $0.raw) }.map { operations.pool[$0] }
    var span = ActiveSpan(
      id: row.span.id, site: row.span.site, kind: row.span.kind,
      counts: Int32(sites.begin(row.span.site, row.span.kind)), began: began, chain: operation?.chain)
    if row.span.startsChain { span.chain = chains.reference(ChainID(raw: row.span.id.raw)) }
    if let slot = chains.slot(span.chain) {
      span.chain?.slot = Int32(slot)
      span.chainNumber = chains[slot].number
      span.step = chains.enter(slot, span.site, span.kind, ready: nil, at: span.began)
    } else {
      span.chain = nil
    }
    loop.stack.adopt(span)
    if teller != nil {
      let isStanding = operation?.standing ?? false
      tellBegin(row.span, at: began, nil, creator: operation?.creator, isStanding: isStanding, loop)
    }
    loop.noteOwner(from: time)
  }
}
