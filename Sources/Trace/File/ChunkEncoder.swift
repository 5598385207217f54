/// Writes the events of a batch as columns.
///
/// About 150 ns an event, most of it for looking operations up; a reader pays a tenth of it.
struct ChunkEncoder {
  private(set) var columns = ColumnWriter()
  private var context: ChunkContext
  private var codes: [Shape: Int] = [:]
  /// Shapes seen lately, with their numbers, by a few bits of a cheap hash: the dictionary's was a tenth of the work.
  private var recent = [(shape: Shape, number: Int)](repeating: (Shape(raw: 0), -1), count: 64)
  private var knownIndex: [UInt64: Int] = [:]
  private var queueIndex: [UInt64: Int] = [:]
  /// For each site the times from both bases to the moment that was due last.
  private var delays: [SiteID: (poll: Int64, event: Int64)] = [:]
  private let batch: Batch

  init(_ batch: Batch) {
    self.batch = batch
    let time = batch.events.first?.time.nanoseconds ?? 0
    let own = batch.events.indices.lazy.compactMap { index in
      Self.ownID(batch.events[index]).map { $0 &- UInt64(index) }
    }
    context = ChunkContext(time: time, base: own.first ?? 0)
    columns.append(UInt64(bitPattern: time), to: .start)
    columns.append(context.base, to: .start)
  }

  /// The payload of a chunk with the batch's events.
  static func encode(_ batch: Batch) -> [UInt8] {
    var encoder = ChunkEncoder(batch)
    for (index, event) in batch.events.enumerated() { encoder.encode(event, at: UInt64(index)) }
    return encoder.columns.bytes
  }

  private static func ownID(_ event: Event) -> UInt64? {
    switch event.body {
    case .created(let created): created.id.raw
    case .began(let began): began.id.raw
    default: nil
    }
  }

  // MARK: What repeats

  /// Writes the event's shape and time; returns the shape's number.
  private mutating func begin(_ shape: Shape, _ code: EventCode, _ time: Instant) -> Int {
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

  private mutating func encode(_ event: Event, at index: UInt64) {
    let time = event.time
    switch event.body {
    case .loopBegan: _ = begin(Shape(.loopBegan), .loopBegan, time)
    case .loopEnded: _ = begin(Shape(.loopEnded), .loopEnded, time)
    case .pollEntered(let timeout): encode(timeout: timeout, time)
    case .pollReturned(let ready):
      _ = begin(Shape(.pollReturned), .pollReturned, time)
      columns.append(UInt64(ready), to: ColumnID(.pollReturned, 1))
      context.pollReturned = time.nanoseconds
    case .created(let created): encode(created, time, at: index)
    case .queued(let queued): encode(queued, time, at: index)
    case .began(let began): encode(began, time, at: index)
    case .ended(let span, let threw): encode(ended: span, threw: threw, time)
    case .settled(let operation, let outcome, let text):
      let reference = refer(to: operation)
      let flags = reference.mode.rawValue | (text == nil ? 0 : Shape.text)
      let code = begin(Shape(.settled, flags: flags, outcome.rawValue), .settled, time)
      write(reference, code, to: ColumnID(.settled, 1))
      if let text { columns.append(text: batch.text(text)) }
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
      columns.append(text: batch.text(text))
    case .chainNamed(let chain, let text):
      let mode = mode(ofChain: chain)
      _ = begin(Shape(.chainNamed, flags: mode.rawValue), .chainNamed, time)
      write(chain, mode, to: ColumnID(.chainNamed, 1))
      columns.append(text: batch.text(text))
      context.name(chain: chain.raw)
    default: encodeRare(event.body, time)
    }
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

  private typealias Reference = (mode: ReferenceMode, id: UInt64)

  /// How to say which operation is meant; the queue comes first for a span that may have waited in it.
  private func refer(to operation: OperationID, queueFirst: Bool = false) -> Reference {
    let id = operation.raw
    if queueFirst, queueIndex[id] != nil { return (.queue, id) }
    if id != 0, id == context.top.operation { return (.innermost, id) }
    if id != 0, id == context.lastEnded { return (.lastEnded, id) }
    if knownIndex[id] != nil { return (.known, id) }
    return (queueIndex[id] != nil ? .queue : .outside, id)
  }

  /// Writes which operation is meant; returns what is known of it.
  @discardableResult
  private mutating func write(_ reference: Reference, _ code: Int, to column: ColumnID) -> ChunkContext.Known {
    switch reference.mode {
    case .none: break
    case .innermost: return ChunkContext.Known(id: reference.id, chain: context.top.chain)
    case .lastEnded: break
    case .queue:
      guard let index = queueIndex[reference.id] else { break }
      columns.append(signed: Int64(index - context.queueNext), to: column)
      context.queueNext = index + 1
      return context.queue[index]
    case .known:
      guard let index = knownIndex[reference.id] else { break }
      columns.append(signed: Int64(index - context.knownNext[code]), to: column)
      context.knownNext[code] = index + 1
      return context.known[index]
    case .outside:
      columns.append(signed: Int64(bitPattern: reference.id &- context.outside), to: .outside)
      context.outside = reference.id
      add(known: ChunkContext.Known(id: reference.id))
    }
    return ChunkContext.Known(id: reference.id)
  }

  private mutating func add(known entry: ChunkContext.Known) {
    knownIndex[entry.id] = context.known.count
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

  private mutating func write(own id: UInt64, at index: UInt64, to column: ColumnID) {
    let miss = id &- context.base &- index
    columns.append(signed: Int64(bitPattern: miss), to: column)
    context.base &+= miss
  }

  /// Whether an id that the chunk has not seen is likely to be new: near where one that begins here is foretold.
  private func isOwn(_ id: UInt64, at index: UInt64) -> Bool {
    Int64(bitPattern: id &- context.base &- index).magnitude < 1 << 16
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

  private mutating func encode(_ created: Event.Created, _ time: Instant, at index: UInt64) {
    let chain = mode(ofChain: created.chain)
    let creator = mode(ofCreator: created.creator)
    var flags = chain.rawValue | creator.rawValue << 2
    if created.standing { flags |= Shape.standing }
    if created.due != nil { flags |= Shape.due }
    if created.descriptor != nil { flags |= Shape.descriptor }
    let base: DueBase = created.due.map { self.base(ofDue: $0, time, created.site) } ?? .pollReturned
    let code = begin(
      Shape(.created, flags: flags, created.kind.rawValue, base.rawValue, site: created.site), .created, time)
    write(own: created.id.raw, at: index, to: ColumnID(.created, 1))
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

  private mutating func encode(_ queued: Event.Queued, _ time: Instant, at index: UInt64) {
    let chain = mode(ofChain: queued.chain)
    let creator = mode(ofCreator: queued.creator)
    var reference = refer(to: queued.id)
    if reference.mode == .outside, isOwn(queued.id.raw, at: index) { reference.mode = .none }
    let isFromPool = queued.moment.nanoseconds == context.poolEnded
    let flags =
      chain.rawValue | creator.rawValue << 2 | reference.mode.rawValue << 4 | (isFromPool ? Shape.atPoolEnd : 0)
    let shape = Shape(.queued, flags: flags, queued.kind.rawValue, queued.trigger.rawValue, site: queued.site)
    let code = begin(shape, .queued, time)
    if reference.mode == .none { write(own: queued.id.raw, at: index, to: ColumnID(.queued, 5)) }
    write(reference, code, to: ColumnID(.queued, 1))
    if !isFromPool { columns.append(signed: (time - queued.moment).count, to: ColumnID(.queued, 2)) }
    write(queued.chain, chain, to: ColumnID(.queued, 3))
    write(queued.creator, creator, to: ColumnID(.queued, 4))
    queueIndex[queued.id.raw] = context.queue.count
    let entry = ChunkContext.Known(
      id: queued.id.raw, chain: queued.chain?.raw ?? 0, ready: queued.moment.nanoseconds)
    context.add(queued: entry)
  }

  private mutating func encode(_ began: Event.Began, _ time: Instant, at index: UInt64) {
    let reference: Reference = began.operation.map { refer(to: $0, queueFirst: true) } ?? (.none, 0)
    let foretold =
      switch reference.mode {
      case .queue: context.queue[queueIndex[reference.id, default: 0]].ready
      case .known: context.known[knownIndex[reference.id, default: 0]].ready
      default: ChunkContext.never
      }
    let ready: ReadyMode =
      switch began.ready?.nanoseconds {
      case nil: .none
      case ChunkContext.never: .other
      case foretold: .foretold
      default: .other
      }
    let flags = reference.mode.rawValue | ready.rawValue << 3 | (began.startsChain ? Shape.startsChain : 0)
    let shape = Shape(.began, flags: flags, began.kind.rawValue, began.trigger.rawValue, site: began.site)
    let code = begin(shape, .began, time)
    write(own: began.id.raw, at: index, to: ColumnID(.began, 1))
    let known = write(reference, code, to: ColumnID(.began, 2))
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

  // MARK: The rest

  private mutating func encodeRare(_ body: Event.Body, _ time: Instant) {
    switch body {
    case .marked(let text):
      _ = begin(Shape(.marked), .marked, time)
      columns.append(text: batch.text(text))
    case .watched(let descriptor, let text):
      _ = begin(Shape(.watched), .watched, time)
      columns.append(signed: Int64(descriptor), to: ColumnID(.watched, 1))
      columns.append(text: batch.text(text))
    case .unwatched(let descriptor):
      _ = begin(Shape(.unwatched), .unwatched, time)
      columns.append(signed: Int64(descriptor), to: ColumnID(.unwatched, 1))
    case .pool(let queued, let running):
      _ = begin(Shape(.pool), .pool, time)
      columns.append(UInt64(queued), to: ColumnID(.pool, 1))
      columns.append(UInt64(running), to: ColumnID(.pool, 2))
    case .used(let usage):
      _ = begin(Shape(.used), .used, time)
      for (field, (now, before)) in zip(usage.numbers, context.usage.numbers).enumerated() {
        columns.append(signed: now &- before, to: ColumnID(.used, field + 1))
      }
      context.usage = usage
    case .anchor(let anchor):
      _ = begin(Shape(.anchor), .anchor, time)
      let monotonic = anchor.monotonic.nanoseconds
      let counter = Int64(bitPattern: anchor.counter &- context.anchor.counter)
      let numbers = [
        counter, monotonic &- time.nanoseconds, anchor.boottime &- monotonic, anchor.realtime &- monotonic,
      ]
      for (field, number) in numbers.enumerated() { columns.append(signed: number, to: ColumnID(.anchor, field + 1)) }
      context.anchor = anchor
    case .gap(let gap):
      _ = begin(Shape(.gap, flags: gap.events == nil ? 0 : 1, gap.reason.rawValue), .gap, time)
      columns.append(signed: (time - gap.from).count, to: ColumnID(.gap, 1))
      columns.append(signed: (time - gap.to).count, to: ColumnID(.gap, 2))
      if let events = gap.events { columns.append(events, to: ColumnID(.gap, 3)) }
    case .checkpoint(let index):
      _ = begin(Shape(.checkpoint), .checkpoint, time)
      let exists = batch.checkpoints.indices.contains(Int(index))
      columns.append(exists ? batch.checkpoints[Int(index)] : Checkpoint(), at: time)
    default: preconditionFailure("a kind of event without a number: \(body)")
    }
  }
}

extension Usage {
  /// Its five numbers in the order of the file's columns.
  var numbers: [Int64] {
    [cpu.count] + [voluntarySwitches, involuntarySwitches, minorFaults, majorFaults].map(Int64.init)
  }
}
