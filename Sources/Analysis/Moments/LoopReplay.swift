import Trace

/// Follows one loop through its events, to say how it stood at any moment among them.
///
/// To be started at the trace's begin or shortly ahead of a checkpoint: from there on all that was open is known. A value:
/// a copy kept at some point makes that a place to start too. Its memory is bounded by what is open.
///
/// ```swift
/// func moment(of loop: LoopID, at time: Instant, in batches: [Batch], _ definitions: Definitions) -> LoopMoment {
///   var replay = LoopReplay(loop: loop)
///   for batch in batches where replay.consume(batch, through: time) != nil { break }
///   return replay.moment(at: time, definitions)
/// }
/// ```
public struct LoopReplay: Sendable {
  /// The loop.
  public let loop: LoopID
  /// Whether all that was open is known: since the loop's begin, or a checkpoint, no event is missing.
  public private(set) var isComplete = false
  /// The last event's time.
  public private(set) var last: Instant?
  private(set) var phase = LoopMoment.Phase.unknown
  private var stack: [Open] = []
  private var operations: [OperationID: OpenOperation] = [:]
  private var queue: [OperationID: Event.Queued] = [:]
  private var names: [ChainID: String] = [:]
  private var labels: [Int32: String] = [:]
  private var pool: (queued: UInt32, running: UInt32) = (0, 0)
  /// What ended while not everything was known: a checkpoint may still list it.
  private var gone: Set<UInt64> = []

  private static let limit = 1 << 16
  /// Spans that lie deeper are not followed.
  static let depthLimit = 256

  private struct Open: Sendable {
    var span: Event.Began
    var began: Instant
    var chain: ChainID?
  }

  /// Nothing is known yet.
  public init(loop: LoopID) { self.loop = loop }

  /// The open spans and their begins, outermost first.
  var openSpans: [(Event.Began, Instant)] { stack.map { ($0.span, $0.began) } }

  /// Takes in the events up to a moment, those at it included; returns the index of the first later one.
  ///
  /// Of the batch only the events from `start` on, and ahead of `end`, are looked at.
  @discardableResult
  public mutating func consume(_ batch: Batch, from start: Int = 0, upTo end: Int = .max, through time: Instant) -> Int?
  {
    let end = min(end, batch.events.count)
    for index in start..<max(start, end) {
      let event = batch.events[index]
      if event.time > time { return index }
      take(event.body, at: event.time, batch)
      last = event.time
    }
    return nil
  }

  private mutating func take(_ body: Event.Body, at time: Instant, _ batch: Batch) {
    switch body {
    case .began(let span): begin(span, at: time)
    case .ended(let id, _): end(id)
    case .pollEntered(let timeout): turn(to: .polling(since: time, timeout: timeout))
    case .pollReturned: turn(to: .pass(since: time))
    case .created(let operation): create(operation, at: time)
    case .settled(let id, let outcome, _): settle(id, outcome)
    case .queued(let entry): if queue.count < Self.limit { queue[entry.id] = entry }
    case .chainNamed(let chain, let text): name(chain, batch.text(text))
    case .watched(let descriptor, let text): if labels.count < Self.limit { labels[descriptor] = batch.text(text) }
    case .unwatched(let descriptor): labels[descriptor] = nil
    case .pool(let queued, let running): pool = (queued, running)
    case .loopBegan:
      isComplete = true
      phase = .begun
    case .loopEnded: turn(to: .ended)
    case .gap: lose()
    case .checkpoint(let index):
      if batch.checkpoints.indices.contains(Int(index)) { adopt(batch.checkpoints[Int(index)], at: time) }
    case .awaits, .marked, .poolBegan, .poolEnded, .unhandled, .used, .anchor: break
    }
  }

  /// Between passes no span is open.
  private mutating func turn(to next: LoopMoment.Phase) {
    if !isComplete { stack.forEach { forget($0.span.id.raw) } }
    stack = []
    phase = next
  }

  private mutating func begin(_ span: Event.Began, at time: Instant) {
    switch phase {
    case .unknown, .begun: phase = .pass(since: time)
    case .polling, .pass, .ended: break
    }
    let entry = span.operation.flatMap { queue.removeValue(forKey: $0) }
    let operation = span.operation.flatMap { operations[$0] }
    let own = span.startsChain ? ChainID(raw: span.id.raw) : nil
    let chain = own ?? entry?.chain ?? operation?.operation.chain ?? stack.last?.chain
    if stack.count < Self.depthLimit { stack.append(Open(span: span, began: time, chain: chain)) }
  }

  private mutating func end(_ id: SpanID) {
    if let place = stack.lastIndex(where: { $0.span.id == id }) { stack.removeSubrange(place...) }
    if !isComplete { forget(id.raw) }
  }

  private mutating func create(_ operation: Event.Created, at time: Instant) {
    guard operations.count < Self.limit else { return }
    var operation = operation
    if operation.chain == nil { operation.chain = stack.last?.chain }
    operations[operation.id] = OpenOperation(created: time, operation: operation)
  }

  private mutating func settle(_ id: OperationID, _ outcome: Outcome) {
    operations[id] = nil
    // Then its entry in the queue never begins.
    if outcome == .cancelled || outcome == .dropped { queue[id] = nil }
    if !isComplete { forget(id.raw) }
  }

  private mutating func name(_ chain: ChainID, _ name: String) {
    if names.count >= Self.limit { forgetNames() }
    names[chain] = name
    if !stack.isEmpty { stack[stack.count - 1].chain = chain }
  }

  /// Keeps the names of what is open.
  private mutating func forgetNames() {
    names = openNames
    if names.count >= Self.limit { names = [:] }
  }

  private var openNames: [ChainID: String] {
    let open = Set(
      operations.values.compactMap(\.operation.chain) + queue.values.compactMap(\.chain) + stack.compactMap(\.chain))
    return names.filter { open.contains($0.key) }
  }

  // MARK: What is missing

  private mutating func forget(_ id: UInt64) {
    if gone.count >= Self.limit { gone = [] }
    gone.insert(id)
  }

  private mutating func lose() {
    isComplete = false
    turn(to: .unknown)
    queue = [:]
    gone = []
  }

  private mutating func adopt(_ checkpoint: Checkpoint, at time: Instant) {
    guard !isComplete else { return }
    isComplete = true
    let since = operations.filter { !gone.contains($0.key.raw) }
    operations = [:]
    for row in checkpoint.operations.prefix(Self.limit) where !gone.contains(row.operation.id.raw) {
      operations[row.operation.id] = row
    }
    // What was created while nobody knew what else there was is known better from its event.
    operations.merge(since) { _, event in event }
    for row in checkpoint.chains.prefix(Self.limit) where names[row.id] == nil { names[row.id] = row.name }
    for row in checkpoint.descriptors.prefix(Self.limit) { labels[row.descriptor] = row.label }
    if stack.isEmpty, case .polling = phase {} else { adopt(checkpoint.spans, at: time) }
    pool = (checkpoint.poolQueued, checkpoint.poolRunning)
    gone = []
  }

  private mutating func adopt(_ spans: [OpenSpan], at time: Instant) {
    let known = Set(stack.map(\.span.id))
    let missed = spans.prefix(Self.depthLimit).filter { !known.contains($0.span.id) && !gone.contains($0.span.id.raw) }
    stack =
      missed.map { row in
        let own = row.span.startsChain ? ChainID(raw: row.span.id.raw) : nil
        let chain = own ?? row.span.operation.flatMap { operations[$0]?.operation.chain }
        return Open(span: row.span, began: min(row.began, time), chain: chain)
      } + stack
    if case .unknown = phase, let first = stack.first { phase = .pass(since: first.began) }
  }

  // MARK: The moment

  /// How the loop stands at `time`, as events that stand for all that came before it: an analysis that is given these and
  /// then what follows knows of that time only. What runs and what is queued begins with it.
  public func opening(at time: Instant) -> Batch {
    var batch = Batch(loop: loop)
    switch phase {
    case .ended: return batch
    case .polling(_, let timeout): batch.events.append(Event(time, .pollEntered(timeout: timeout)))
    case .pass, .begun, .unknown: break
    }
    batch.add(
      Checkpoint(
        operations: operations.values.sorted { $0.operation.id < $1.operation.id },
        chains: openNames.sorted { $0.key < $1.key }.map { NamedChain(id: $0.key, named: time, name: $0.value) },
        descriptors: labels.sorted { $0.key < $1.key }.map { WatchedDescriptor(descriptor: $0.key, label: $0.value) },
        readyQueue: UInt32(clamping: queue.count), poolQueued: pool.queued, poolRunning: pool.running), at: time)
    for open in stack { batch.events += Self.begin(of: open, at: time) }
    for var entry in queue.values.sorted(by: { ($0.moment, $0.id) < ($1.moment, $1.id) }) {
      entry.moment = time
      batch.events.append(Event(time, .queued(entry)))
    }
    return batch
  }

  /// A begin that was not: where its chain has begun before, it comes out of the ready queue, whose entries name theirs.
  private static func begin(of open: Open, at time: Instant) -> [Event] {
    var span = open.span
    span.ready = nil
    guard let chain = open.chain, !span.startsChain else { return [Event(time, .began(span))] }
    let id = span.operation ?? OperationID(raw: span.id.raw)
    span.operation = id
    let entry = Event.Queued(
      id: id, moment: time, kind: span.kind, trigger: span.trigger, site: span.site, chain: chain)
    return [Event(time, .queued(entry)), Event(time, .began(span))]
  }

  /// How the loop stands at `time`, at or after the last event taken in.
  public func moment(at time: Instant, _ definitions: Definitions) -> LoopMoment {
    func name(_ chain: ChainID?) -> String? { chain.flatMap { names[$0] } }
    func pending(_ open: OpenOperation) -> LoopMoment.Pending {
      let operation = open.operation
      return LoopMoment.Pending(
        id: operation.id, kind: operation.kind, site: definitions.site(operation.site), created: open.created,
        due: operation.due, standing: operation.standing, chain: name(operation.chain))
    }
    let all = operations.values.sorted { $0.operation.id < $1.operation.id }
    func those(_ include: (OperationKind) -> Bool) -> [LoopMoment.Pending] {
      all.filter { include($0.operation.kind) }.map(pending)
    }
    let timers = those { $0 == .timer }.sorted { a, b in
      (a.standing ? 1 : 0, a.due ?? time) < (b.standing ? 1 : 0, b.due ?? time)
    }
    var moment = LoopMoment(
      loop: loop, time: time, phase: phase,
      stack: stack.map { open in
        LoopMoment.Span(
          site: definitions.site(open.span.site), kind: open.span.kind, trigger: open.span.trigger, began: open.began,
          chain: name(open.chain))
      },
      timers: timers,
      watched: labels.sorted { $0.key < $1.key }.map { WatchedDescriptor(descriptor: $0.key, label: $0.value) },
      ready: queue.values.sorted { ($0.moment, $0.id) < ($1.moment, $1.id) }.map { entry in
        LoopMoment.Queued(
          kind: entry.kind, site: definitions.site(entry.site), since: entry.moment, chain: name(entry.chain))
      },
      poolQueued: pool.queued, poolRunning: pool.running, calls: those { $0 == .thread },
      others: those { ![.timer, .thread, .read, .write, .listener, .signal].contains($0) })
    moment.isComplete = isComplete
    return moment
  }
}

extension LoopMoment {
  /// Adds what became of the pass later: `batches` are those that follow, the first one that with the moment in it.
  public mutating func look(ahead batches: [Batch]) {
    for event in batches.lazy.flatMap(\.events) where event.time > time {
      switch (event.body, next) {
      case (.pollEntered, nil): next = NextPoll(entered: event.time, ready: nil)
      case (.pollReturned(let ready), .some): return next!.ready = ready
      case (.gap, _), (.loopEnded, _): return
      default: break
      }
    }
  }
}
