import Trace

/// What the numbers and moments of one file become where it is one of several.
struct Renumbering {
  /// Of those that are not in it nothing is known: loop 0 stands for them.
  private let loops: [UInt16]
  private let sites: [SiteID]
  private let shift: Nanoseconds

  /// By a file's numbers; everything in it happens later by that much.
  init(loops: [LoopID: LoopID], sites: [SiteID], later shift: Nanoseconds) {
    var table = [UInt16](repeating: 0, count: Int(loops.keys.max()?.number ?? 0) + 1)
    for (loop, number) in loops { table[Int(loop.number)] = number.number }
    self.loops = table
    self.sites = sites
    self.shift = shift
  }

  func applied(to chunk: ChunkSummary) -> ChunkSummary {
    var chunk = chunk
    chunk.loop = loop(chunk.loop)
    (chunk.from, chunk.to) = (chunk.from + shift, chunk.to + shift)
    for anchor: WritableKeyPath<ChunkSummary, WallTime?> in [\.opening, \.closing] {
      if let moment = chunk[keyPath: anchor]?.monotonic { chunk[keyPath: anchor]?.monotonic = moment + shift }
    }
    return chunk
  }

  func applied(to batch: Batch) -> Batch {
    var batch = batch
    batch.loop = loop(batch.loop)
    for index in batch.events.indices {
      batch.events[index].time = batch.events[index].time + shift
      batch.events[index].body = body(batch.events[index].body)
    }
    for index in batch.checkpoints.indices { apply(to: &batch.checkpoints[index]) }
    return batch
  }

  // MARK: Numbers

  private func loop(_ loop: LoopID) -> LoopID {
    LoopID(Int(loop.number) < loops.count ? loops[Int(loop.number)] : 0)
  }

  private func site(_ site: SiteID) -> SiteID { Int(site.index) < sites.count ? sites[Int(site.index)] : .unknown }

  private func id<ID: RingIdentifier>(_ id: ID) -> ID { ID(loop(id.loop), id.serial) }

  // MARK: Events

  private func body(_ body: Event.Body) -> Event.Body {
    switch body {
    case .loopBegan, .loopEnded, .pollEntered, .pollReturned, .marked, .watched, .unwatched, .pool, .used, .checkpoint:
      return body
    case .created(var created):
      apply(to: &created)
      return .created(created)
    case .queued(var queued):
      (queued.id, queued.site, queued.moment) = (id(queued.id), site(queued.site), queued.moment + shift)
      (queued.chain, queued.creator) = (queued.chain.map(id), queued.creator.map(id))
      return .queued(queued)
    case .began(var began):
      apply(to: &began)
      return .began(began)
    case .ended(let span, let threw): return .ended(id(span), threw: threw)
    case .settled(let operation, let outcome, let text): return .settled(id(operation), outcome, text)
    case .awaits(let operation, let other): return .awaits(id(operation), on: id(other))
    case .chainNamed(let chain, let text): return .chainNamed(id(chain), text)
    case .poolBegan(let call, let moment): return .poolBegan(id(call), at: moment + shift)
    case .poolEnded(let call, let moment): return .poolEnded(id(call), at: moment + shift)
    case .unhandled(let operation, let text): return .unhandled(id(operation), text)
    case .anchor(var anchor):
      anchor.monotonic = anchor.monotonic + shift
      return .anchor(anchor)
    case .gap(var gap):
      (gap.from, gap.to) = (gap.from + shift, gap.to + shift)
      return .gap(gap)
    }
  }

  private func apply(to created: inout Event.Created) {
    (created.id, created.site) = (id(created.id), site(created.site))
    (created.chain, created.creator) = (created.chain.map(id), created.creator.map(id))
    created.due = created.due.map { $0 + shift }
  }

  private func apply(to began: inout Event.Began) {
    (began.id, began.site) = (id(began.id), site(began.site))
    (began.operation, began.ready) = (began.operation.map(id), began.ready.map { $0 + shift })
  }

  private func apply(to checkpoint: inout Checkpoint) {
    for index in checkpoint.operations.indices {
      apply(to: &checkpoint.operations[index].operation)
      checkpoint.operations[index].created = checkpoint.operations[index].created + shift
    }
    for index in checkpoint.spans.indices {
      apply(to: &checkpoint.spans[index].span)
      checkpoint.spans[index].began = checkpoint.spans[index].began + shift
    }
    for index in checkpoint.chains.indices {
      checkpoint.chains[index].id = id(checkpoint.chains[index].id)
      checkpoint.chains[index].named = checkpoint.chains[index].named + shift
    }
  }
}
