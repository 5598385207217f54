/// Writes events as columns, as they come, and one chunk's after the other's.
///
/// It owns the columns' memory by itself and is never copied.
package struct ChunkEncoder: ~Copyable {
  var columns = ColumnWriter()
  var context = ChunkContext(time: 0, base: 0)
  private var codes: [Shape: Int] = [:]
  /// Shapes seen lately, with their numbers, by a few bits of a cheap hash: the dictionary's was a tenth of the work.
  private var recent = [(shape: Shape, number: Int)](repeating: (Shape(raw: 0), -1), count: 64)
  private var knownPlaces = IDPlaces()
  private var queuePlaces = IDPlaces()
  /// For each site the times from both bases to the moment that was due last.
  private var delays: [SiteID: (poll: Int64, event: Int64)] = [:]
  /// How many events the chunk has.
  package private(set) var count = 0
  /// The chunk's first event's time, and its last one's.
  package private(set) var (from, to) = (Instant(0), Instant(0))
  /// Whether the chunk has an id of its own, from which the others are foretold.
  private var knowsBase = false
  /// About how many bytes texts and checkpoints take.
  package var extra = 0

  /// How much of a text is kept.
  private static let textLimit = 64 << 10

  /// An empty chunk.
  package init() { start() }

  /// Begins a new chunk; its memory is used again.
  package mutating func clear() {
    columns.clear()
    codes.removeAll(keepingCapacity: true)
    for place in recent.indices { recent[place].number = -1 }
    knownPlaces.clear()
    queuePlaces.clear()
    delays.removeAll(keepingCapacity: true)
    (count, knowsBase, extra) = (0, false, 0)
    start()
  }

  private mutating func start() {
    columns.append(0, to: .start)
    columns.append(0, to: .start)
  }

  /// Adds events of a batch, up to that one after which texts and checkpoints take as much as `extraLimit` bytes; returns
  /// the index of the first that was not added.
  package mutating func append(_ batch: Batch, _ range: Range<Int>, extraLimit: Int = .max) -> Int {
    for index in range {
      encode(batch.events[index], of: batch)
      if extra >= extraLimit { return index + 1 }
    }
    return range.upperBound
  }

  /// The payload of a chunk with the events so far.
  package var payload: [UInt8] { columns.bytes }

  // MARK: What repeats

  /// Writes the event's shape and time; returns the shape's number.
  mutating func begin(_ shape: Shape, _ code: EventCode, _ time: Instant) -> Int {
    let place = Int(truncatingIfNeeded: (shape.raw &* 0x9e37_79b9_7f4a_7c15) >> 58)
    if recent[place].number < 0 || recent[place].shape != shape { recent[place] = (shape, lookUp(shape)) }
    let number = recent[place].number
    columns.append(UInt64(number), to: .codes)
    columns.append(signed: time.nanoseconds &- context.time, to: ColumnID(code, 0))
    context.time = time.nanoseconds
    return number
  }

  /// The number of a shape, which is written where it is new.
  private mutating func lookUp(_ shape: Shape) -> Int {
    if let seen = codes[shape] { return seen }
    let number = codes.count
    codes[shape] = number
    columns.append(shape.raw, to: .shapes)
    context.knownNext.append(0)
    context.delay.append(0)
    return number
  }

  @inline(__always) private mutating func encode(_ event: Event, of batch: Batch) {
    let time = event.time
    if count == 0 { begin(at: time) }
    to = time
    switch event.body {
    case .began(let began): encode(began, time)
    case .ended(let span, let threw): encode(ended: span, threw: threw, time)
    case .loopBegan: _ = begin(Shape(.loopBegan), .loopBegan, time)
    case .loopEnded: _ = begin(Shape(.loopEnded), .loopEnded, time)
    case .pollEntered(let timeout): encode(timeout: timeout, time)
    case .pollReturned(let ready):
      _ = begin(Shape(.pollReturned), .pollReturned, time)
      columns.append(UInt64(ready), to: ColumnID(.pollReturned, 1))
      context.pollReturned = time.nanoseconds
    case .created(let created): encode(created, time)
    case .queued(let queued): encode(queued, time)
    case .settled(let operation, let outcome, let text):
      let reference = refer(to: operation)
      let flags = reference.mode.rawValue | (text == nil ? 0 : Shape.text)
      let code = begin(Shape(.settled, flags: flags, outcome.rawValue), .settled, time)
      write(reference, code, to: ColumnID(.settled, 1))
      if let text { write(text, of: batch) }
    case .awaits(let waiting, on: let source):
      let first = refer(to: waiting)
      let second = refer(to: source)
      let code = begin(Shape(.awaits, flags: first.mode.rawValue | second.mode.rawValue << 3), .awaits, time)
      write(first, code, to: ColumnID(.awaits, 1))
      write(second, code, to: ColumnID(.awaits, 2))
    case .poolBegan(let operation, let moment): encode(.poolBegan, operation, at: moment, time)
    case .poolEnded(let operation, let moment):
      encode(.poolEnded, operation, at: moment, time)
      context.poolEnded = moment.nanoseconds
    case .unhandled(let operation, let text):
      encode(.unhandled, operation, time)
      write(text, of: batch)
    case .chainNamed(let chain, let text):
      let mode = mode(ofChain: chain)
      _ = begin(Shape(.chainNamed, flags: mode.rawValue), .chainNamed, time)
      write(chain, mode, to: ColumnID(.chainNamed, 1))
      write(text, of: batch)
      context.name(chain: chain.raw)
    default: encodeRare(event.body, of: batch, time)
    }
    count += 1
  }

  private mutating func begin(at time: Instant) {
    from = time
    context.restart(time: time.nanoseconds)
    columns.set(UInt64(bitPattern: time.nanoseconds), of: .start, at: 0)
  }

  mutating func write(_ id: TextID, of batch: Batch) {
    var text = batch.text(id)
    if text.utf8.count > Self.textLimit { text = String(decoding: text.utf8.prefix(Self.textLimit - 2), as: UTF8.self) }
    extra += text.utf8.count
    columns.append(text: text)
  }

  private mutating func encode(timeout: Nanoseconds?, _ time: Instant) {
    let mode: TimeoutMode =
      switch timeout?.count {
      case nil: .none
      case 0: .zero
      case context.timeout: .same
      default: .other
      }
    _ = begin(Shape(.pollEntered, flags: mode.rawValue), .pollEntered, time)
    if mode == .other, let timeout {
      let deadline = (time + timeout).nanoseconds
      columns.append(signed: deadline &- context.deadline, to: ColumnID(.pollEntered, 1))
      context.deadline = deadline
      context.timeout = timeout.count
    }
    context.closeAll()
  }

  // MARK: Operations

  /// How to say which operation is meant.
  private struct Reference {
    var mode: ReferenceMode
    var id: UInt64
    /// Its place in the list that the mode says.
    var place = 0
  }

  /// How to say which operation is meant; the queue comes first for a span that may have waited in it.
  private func refer(to operation: OperationID, queueFirst: Bool = false) -> Reference {
    let id = operation.raw
    if queueFirst, let place = queuePlaces[id] { return Reference(mode: .queue, id: id, place: place) }
    if id != 0, id == context.top.operation { return Reference(mode: .innermost, id: id) }
    if id != 0, id == context.lastEnded { return Reference(mode: .lastEnded, id: id) }
    if let place = knownPlaces[id] { return Reference(mode: .known, id: id, place: place) }
    if !queueFirst, let place = queuePlaces[id] { return Reference(mode: .queue, id: id, place: place) }
    return Reference(mode: .outside, id: id)
  }

  /// What is known of an operation.
  private func known(of reference: Reference) -> ChunkContext.Known {
    switch reference.mode {
    case .innermost: ChunkContext.Known(id: reference.id, chain: context.top.chain)
    case .queue: context.queue[reference.place]
    case .known: context.known[reference.place]
    case .none, .lastEnded, .outside: ChunkContext.Known(id: reference.id)
    }
  }

  /// Writes which operation is meant.
  private mutating func write(_ reference: Reference, _ code: Int, to column: ColumnID) {
    switch reference.mode {
    case .none, .innermost, .lastEnded: break
    case .queue:
      columns.append(signed: Int64(reference.place - context.queueNext), to: column)
      context.queueNext = reference.place + 1
    case .known:
      columns.append(signed: Int64(reference.place - context.knownNext[code]), to: column)
      context.knownNext[code] = reference.place + 1
    case .outside:
      columns.append(signed: Int64(bitPattern: reference.id &- context.outside), to: .outside)
      context.outside = reference.id
      add(known: ChunkContext.Known(id: reference.id))
    }
  }

  private mutating func add(known entry: ChunkContext.Known) {
    knownPlaces.set(entry.id, to: context.known.count)
    context.add(known: entry)
  }

  private mutating func encode(_ code: EventCode, _ operation: OperationID, _ time: Instant) {
    let reference = refer(to: operation)
    let number = begin(Shape(code, flags: reference.mode.rawValue), code, time)
    write(reference, number, to: ColumnID(code, 1))
  }

  private mutating func encode(_ code: EventCode, _ operation: OperationID, at moment: Instant, _ time: Instant) {
    encode(code, operation, time)
    columns.append(signed: (time - moment).count, to: ColumnID(code, 2))
  }

  private mutating func write(own id: UInt64, to column: ColumnID) {
    if !knowsBase { foretell(from: id) }
    let miss = id &- context.base &- UInt64(count)
    columns.append(signed: Int64(bitPattern: miss), to: column)
    context.base &+= miss
  }

  /// Whether an id that the chunk has not seen is likely to be new: near where one that begins here is foretold.
  private func isOwn(_ id: UInt64) -> Bool {
    knowsBase && Int64(bitPattern: id &- context.base &- UInt64(count)).magnitude < 1 << 16
  }

  private mutating func foretell(from id: UInt64) {
    knowsBase = true
    context.base = id &- UInt64(count)
    columns.set(context.base, of: .start, at: 1)
  }

  // MARK: Chains and creators

  private func mode(ofChain chain: ChainID?) -> ContextMode {
    switch chain?.raw {
    case nil: .none
    case 0: .other
    case context.top.chain: .innermost
    case context.top.id: .begun
    default: .other
    }
  }

  private mutating func write(_ chain: ChainID?, _ mode: ContextMode, to column: ColumnID) {
    guard mode == .other, let chain else { return }
    columns.append(signed: Int64(bitPattern: chain.raw &- context.chain), to: column)
    context.chain = chain.raw
  }

  private func mode(ofCreator creator: SpanID?) -> ContextMode {
    switch creator?.raw {
    case nil: .none
    case 0: .other
    case context.top.id: .innermost
    default: .other
    }
  }

  private mutating func write(_ creator: SpanID?, _ mode: ContextMode, to column: ColumnID) {
    guard mode == .other, let creator else { return }
    columns.append(signed: Int64(bitPattern: creator.raw &- context.top.id), to: column)
  }

  // MARK: The four that make up most of a trace

  private mutating func encode(_ created: Event.Created, _ time: Instant) {
    let chain = mode(ofChain: created.chain)
    let creator = mode(ofCreator: created.creator)
    var flags = chain.rawValue | creator.rawValue << 2
    if created.standing { flags |= Shape.standing }
    if created.due != nil { flags |= Shape.due }
    if created.descriptor != nil { flags |= Shape.descriptor }
    let base: DueBase = created.due.map { self.base(ofDue: $0, time, created.site) } ?? .pollReturned
    let code = begin(
      Shape(.created, flags: flags, created.kind.rawValue, base.rawValue, site: created.site), .created, time)
    write(own: created.id.raw, to: ColumnID(.created, 1))
    write(created.chain, chain, to: ColumnID(.created, 2))
    write(created.creator, creator, to: ColumnID(.created, 3))
    if let due = created.due?.nanoseconds {
      let delay = due &- (base == .event ? time.nanoseconds : context.pollReturned)
      columns.append(signed: delay &- context.delay[code], to: ColumnID(.created, 4))
      context.delay[code] = delay
    }
    if let descriptor = created.descriptor { columns.append(signed: Int64(descriptor), to: ColumnID(.created, 5)) }
    let ready = created.due?.nanoseconds ?? ChunkContext.never
    add(known: ChunkContext.Known(id: created.id.raw, chain: created.chain?.raw ?? 0, ready: ready))
  }

  /// The base from which the site's delay has changed less since last time.
  private mutating func base(ofDue due: Instant, _ time: Instant, _ site: SiteID) -> DueBase {
    let now = (poll: due.nanoseconds &- context.pollReturned, event: due.nanoseconds &- time.nanoseconds)
    let last = delays.updateValue(now, forKey: site) ?? (0, 0)
    return (now.event &- last.event).magnitude < (now.poll &- last.poll).magnitude ? .event : .pollReturned
  }

  private mutating func encode(_ queued: Event.Queued, _ time: Instant) {
    let chain = mode(ofChain: queued.chain)
    let creator = mode(ofCreator: queued.creator)
    var reference = refer(to: queued.id)
    if reference.mode == .outside, isOwn(queued.id.raw) { reference.mode = .none }
    let isFromPool = queued.moment.nanoseconds == context.poolEnded
    let flags =
      chain.rawValue | creator.rawValue << 2 | reference.mode.rawValue << 4 | (isFromPool ? Shape.atPoolEnd : 0)
    let shape = Shape(.queued, flags: flags, queued.kind.rawValue, queued.trigger.rawValue, site: queued.site)
    let code = begin(shape, .queued, time)
    if reference.mode == .none { write(own: queued.id.raw, to: ColumnID(.queued, 5)) }
    write(reference, code, to: ColumnID(.queued, 1))
    if !isFromPool { columns.append(signed: (time - queued.moment).count, to: ColumnID(.queued, 2)) }
    write(queued.chain, chain, to: ColumnID(.queued, 3))
    write(queued.creator, creator, to: ColumnID(.queued, 4))
    queuePlaces.set(queued.id.raw, to: context.queue.count)
    let entry = ChunkContext.Known(
      id: queued.id.raw, chain: queued.chain?.raw ?? 0, ready: queued.moment.nanoseconds)
    context.add(queued: entry)
  }

  private mutating func encode(_ began: Event.Began, _ time: Instant) {
    let reference = began.operation.map { refer(to: $0, queueFirst: true) } ?? Reference(mode: .none, id: 0)
    let known = known(of: reference)
    let ready: ReadyMode =
      switch began.ready?.nanoseconds {
      case nil: .none
      case ChunkContext.never: .other
      case known.ready: .foretold
      default: .other
      }
    let flags = reference.mode.rawValue | ready.rawValue << 3 | (began.startsChain ? Shape.startsChain : 0)
    let shape = Shape(.began, flags: flags, began.kind.rawValue, began.trigger.rawValue, site: began.site)
    let code = begin(shape, .began, time)
    write(own: began.id.raw, to: ColumnID(.began, 1))
    write(reference, code, to: ColumnID(.began, 2))
    if ready == .other, let moment = began.ready {
      columns.append(signed: (time - moment).count, to: ColumnID(.began, 3))
    }
    let chain = began.startsChain ? began.id.raw : known.chain
    context.open(ChunkContext.Open(id: began.id.raw, operation: reference.id, chain: chain))
  }

  private mutating func encode(ended span: SpanID, threw: Bool, _ time: Instant) {
    let expected = span.raw != 0 && span.raw == context.top.id
    let flags = (expected ? 0 : Shape.otherSpan) | (threw ? Shape.threw : 0)
    _ = begin(Shape(.ended, flags: flags), .ended, time)
    if expected {
      context.close()
    } else {
      columns.append(signed: Int64(bitPattern: span.raw &- context.top.id), to: ColumnID(.ended, 1))
    }
  }
}
