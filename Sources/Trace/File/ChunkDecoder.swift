/// Reads the events of a chunk's columns.
///
/// The payload may lie: every index is checked, columns read zeros past their ends, and what was found wrong on the way
/// is asked for once, at the end.
struct ChunkDecoder: ~Copyable {
  private let table: ColumnTable
  private let columns: UnsafeMutablePointer<ColumnReader>
  private var shapes: [KnownShape] = []
  private var context: ChunkContext
  private var batch: Batch
  private var wrong = false

  /// A shape with what is looked up for each of its events.
  private struct KnownShape {
    let shape: Shape
    /// `nil` for one that this version does not know.
    let kind: EventCode?
    /// The column of its times.
    let times: Int
  }

  private init(_ table: consuming ColumnTable, loop: LoopID) {
    columns = table.columns
    self.table = table
    batch = Batch(loop: loop)
    context = ChunkContext(
      time: Int64(bitPattern: columns[ColumnID.start.number].next()), base: columns[ColumnID.start.number].next())
  }

  /// Reads the shapes, of which there cannot be more than events.
  private mutating func readShapes() {
    let count = columns[ColumnID.shapes.number].count
    guard count <= columns[ColumnID.codes.number].count else { return wrong = true }
    for _ in 0..<count {
      let shape = Shape(raw: columns[ColumnID.shapes.number].next())
      let times = table.slot(ColumnID.time(ofKind: shape.kind))
      shapes.append(KnownShape(shape: shape, kind: EventCode(rawValue: shape.kind), times: times))
    }
    context.knownNext = Array(repeating: 0, count: count)
    context.delay = Array(repeating: 0, count: count)
  }

  /// The events of a payload, which is as long as a chunk's may be.
  static func decode(_ payload: UnsafeRawBufferPointer, under header: ChunkHeader) throws(Payload.Failure) -> Batch {
    var decoder = ChunkDecoder(try ColumnTable(payload), loop: header.loop)
    let count = decoder.columns[ColumnID.codes.number].count
    guard count == Int(header.events), count <= ChunkCodec.eventLimit else { throw .damaged }
    decoder.readShapes()
    let events = [Event](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = decoder.decode(count, into: buffer)
    }
    guard !decoder.wrong, !decoder.table.overrun else { throw .damaged }
    decoder.batch.events = events
    return decoder.batch
  }

  /// Returns how many of the `count` events this version knows.
  private mutating func decode(_ count: Int, into events: UnsafeMutableBufferPointer<Event>) -> Int {
    guard count > 0, var place = events.baseAddress else { return 0 }
    for index in 0..<UInt64(count) {
      let code = Int(truncatingIfNeeded: columns[ColumnID.codes.number].next())
      guard code >= 0, code < shapes.count else {
        wrong = true
        break
      }
      let known = shapes[code]
      context.time &+= columns[known.times].signed()
      // Each kind makes its event where it will stand: one that is handed back first is written three times.
      if store(known, code, at: index, in: place) { place += 1 }
    }
    return place - events.baseAddress!
  }

  @inline(__always) private func next(_ code: EventCode, _ field: Int) -> UInt64 {
    columns[ColumnID(code, field).number].next()
  }

  @inline(__always) private func signed(_ code: EventCode, _ field: Int) -> Int64 {
    columns[ColumnID(code, field).number].signed()
  }

  /// Makes the next event; false, and none, where this version does not know it.
  @inline(__always)
  private mutating func store(
    _ known: KnownShape, _ code: Int, at index: UInt64, in place: UnsafeMutablePointer<Event>
  ) -> Bool {
    let shape = known.shape
    let time = Instant(context.time)
    switch known.kind {
    case .began: place.initialize(to: Event(time, .began(began(shape, code, at: index))))
    case .ended: place.initialize(to: Event(time, ended(shape)))
    case .created: place.initialize(to: Event(time, .created(created(shape, code, at: index))))
    case .queued: place.initialize(to: Event(time, .queued(queued(shape, code, at: index))))
    case .pollEntered: place.initialize(to: Event(time, .pollEntered(timeout: timeout(shape))))
    case .pollReturned:
      context.pollReturned = context.time
      place.initialize(to: Event(time, .pollReturned(ready: UInt32(truncatingIfNeeded: next(.pollReturned, 1)))))
    case let kind?:
      guard let body = rare(shape, code, kind) else { return false }
      place.initialize(to: Event(time, body))
    case nil: return false
    }
    return true
  }

  // MARK: Operations

  /// The operation that is meant, and what is known of it.
  @inline(__always)
  private mutating func operation(_ mode: UInt8, _ code: Int, _ kind: EventCode, _ field: Int) -> ChunkContext.Known {
    switch ReferenceMode(rawValue: mode & 7) {
    case .some(.none): return ChunkContext.Known(id: 0)
    case .innermost: return ChunkContext.Known(id: context.top.operation, chain: context.top.chain)
    case .lastEnded: return ChunkContext.Known(id: context.lastEnded)
    case .queue:
      let index = Int64(context.queueNext) &+ signed(kind, field)
      guard index >= 0, index < context.queue.count else { break }
      context.queueNext = Int(index) + 1
      return context.queue[Int(index)]
    case .known:
      let index = Int64(context.knownNext[code]) &+ signed(kind, field)
      guard index >= 0, index < context.known.count else { break }
      context.knownNext[code] = Int(index) + 1
      return context.known[Int(index)]
    case .outside:
      context.outside &+= UInt64(bitPattern: columns[ColumnID.outside.number].signed())
      let known = ChunkContext.Known(id: context.outside)
      context.add(known: known)
      return known
    case nil: break
    }
    wrong = true
    return ChunkContext.Known(id: 0)
  }

  @inline(__always) private mutating func own(_ index: UInt64, _ kind: EventCode, _ field: Int = 1) -> UInt64 {
    context.base &+= UInt64(bitPattern: signed(kind, field))
    return context.base &+ index
  }

  // MARK: Chains and creators

  @inline(__always)
  private mutating func chain(_ mode: UInt8, _ kind: EventCode, _ field: Int) -> ChainID? {
    switch mode & 3 {
    case ContextMode.none.rawValue: return nil
    case ContextMode.innermost.rawValue: return ChainID(raw: context.top.chain)
    case ContextMode.begun.rawValue: return ChainID(raw: context.top.id)
    default:
      context.chain &+= UInt64(bitPattern: signed(kind, field))
      return ChainID(raw: context.chain)
    }
  }

  @inline(__always) private mutating func creator(_ mode: UInt8, _ kind: EventCode, _ field: Int) -> SpanID? {
    switch mode & 3 {
    case ContextMode.none.rawValue: nil
    case ContextMode.innermost.rawValue: SpanID(raw: context.top.id)
    default: SpanID(raw: context.top.id &+ UInt64(bitPattern: signed(kind, field)))
    }
  }

  // MARK: The kinds that make up most of a trace

  @inline(__always)
  private mutating func created(_ shape: Shape, _ code: Int, at index: UInt64) -> Event.Created {
    let flags = shape.flags
    let id = own(index, .created)
    let chain = chain(flags, .created, 2)
    let creator = creator(flags >> 2, .created, 3)
    var due: Instant?
    if flags & Shape.due != 0 {
      context.delay[code] &+= signed(.created, 4)
      let base = shape.second == DueBase.event.rawValue ? context.time : context.pollReturned
      due = Instant(base &+ context.delay[code])
    }
    let descriptor = flags & Shape.descriptor != 0 ? Int32(truncatingIfNeeded: signed(.created, 5)) : nil
    let ready = due?.nanoseconds ?? ChunkContext.never
    context.add(known: ChunkContext.Known(id: id, chain: chain?.raw ?? 0, ready: ready))
    return Event.Created(
      id: OperationID(raw: id), kind: OperationKind(rawValue: shape.first) ?? .unknown,
      standing: flags & Shape.standing != 0, site: shape.site, chain: chain, creator: creator, due: due,
      descriptor: descriptor)
  }

  @inline(__always)
  private mutating func queued(_ shape: Shape, _ code: Int, at index: UInt64) -> Event.Queued {
    let mode = shape.flags >> 4
    let own = mode & 7 == ReferenceMode.none.rawValue
    let id = own ? self.own(index, .queued, 5) : operation(mode, code, .queued, 1).id
    let moment = shape.flags & Shape.atPoolEnd != 0 ? context.poolEnded : context.time &- signed(.queued, 2)
    let chain = chain(shape.flags, .queued, 3)
    let creator = creator(shape.flags >> 2, .queued, 4)
    context.add(queued: ChunkContext.Known(id: id, chain: chain?.raw ?? 0, ready: moment))
    return Event.Queued(
      id: OperationID(raw: id), moment: Instant(moment), kind: CallbackKind(rawValue: shape.first) ?? .unknown,
      trigger: Trigger(rawValue: shape.second) ?? .unknown, site: shape.site, chain: chain, creator: creator)
  }

  @inline(__always)
  private mutating func began(_ shape: Shape, _ code: Int, at index: UInt64) -> Event.Began {
    let flags = shape.flags
    let id = own(index, .began)
    let known = operation(flags, code, .began, 2)
    let ready: Instant? =
      switch flags >> 3 & 3 {
      case ReadyMode.none.rawValue: nil
      case ReadyMode.foretold.rawValue: Instant(known.ready)
      default: Instant(context.time &- signed(.began, 3))
      }
    let startsChain = flags & Shape.startsChain != 0
    context.open(ChunkContext.Open(id: id, operation: known.id, chain: startsChain ? id : known.chain))
    return Event.Began(
      id: SpanID(raw: id), kind: CallbackKind(rawValue: shape.first) ?? .unknown,
      trigger: Trigger(rawValue: shape.second) ?? .unknown, site: shape.site,
      operation: flags & 7 == ReferenceMode.none.rawValue ? nil : OperationID(raw: known.id), ready: ready,
      startsChain: startsChain)
  }

  @inline(__always) private mutating func ended(_ shape: Shape) -> Event.Body {
    var id = context.top.id
    if shape.flags & Shape.otherSpan == 0 {
      context.close()
    } else {
      id &+= UInt64(bitPattern: signed(.ended, 1))
    }
    return .ended(SpanID(raw: id), threw: shape.flags & Shape.threw != 0)
  }

  @inline(__always) private mutating func timeout(_ shape: Shape) -> Nanoseconds? {
    context.closeAll()
    switch shape.flags & 3 {
    case TimeoutMode.none.rawValue: return nil
    case TimeoutMode.zero.rawValue: return .zero
    case TimeoutMode.same.rawValue: return Nanoseconds(context.timeout)
    default:
      context.deadline &+= signed(.pollEntered, 1)
      context.timeout = context.deadline &- context.time
      return Nanoseconds(context.timeout)
    }
  }

  private mutating func settled(_ shape: Shape, _ code: Int) -> Event.Body? {
    let id = OperationID(raw: operation(shape.flags, code, .settled, 1).id)
    let text = shape.flags & Shape.text != 0 ? text() : nil
    // How an operation ended is not to be guessed: of a way that this version does not know, nothing is said.
    return Outcome(rawValue: shape.first).map { .settled(id, $0, text) }
  }

  private mutating func text() -> TextID { batch.add(text: table.text()) }

  // MARK: The rest

  @inline(never) private mutating func rare(_ shape: Shape, _ code: Int, _ kind: EventCode) -> Event.Body? {
    switch kind {
    case .settled: return settled(shape, code)
    case .loopBegan: return .loopBegan
    case .loopEnded: return .loopEnded
    case .awaits:
      let waiting = operation(shape.flags, code, .awaits, 1).id
      return .awaits(OperationID(raw: waiting), on: OperationID(raw: operation(shape.flags >> 3, code, .awaits, 2).id))
    case .poolBegan:
      let id = operation(shape.flags, code, .poolBegan, 1).id
      return .poolBegan(OperationID(raw: id), at: Instant(context.time &- signed(.poolBegan, 2)))
    case .poolEnded:
      let id = operation(shape.flags, code, .poolEnded, 1).id
      context.poolEnded = context.time &- signed(.poolEnded, 2)
      return .poolEnded(OperationID(raw: id), at: Instant(context.poolEnded))
    case .unhandled:
      let id = operation(shape.flags, code, .unhandled, 1).id
      return .unhandled(OperationID(raw: id), text())
    case .chainNamed:
      guard let chain = chain(shape.flags, .chainNamed, 1) else { return nil }
      context.name(chain: chain.raw)
      return .chainNamed(chain, text())
    case .marked: return .marked(text())
    case .watched: return .watched(descriptor: Int32(truncatingIfNeeded: signed(.watched, 1)), text())
    case .unwatched: return .unwatched(descriptor: Int32(truncatingIfNeeded: signed(.unwatched, 1)))
    case .pool:
      let queued = UInt32(truncatingIfNeeded: next(.pool, 1))
      return .pool(queued: queued, running: UInt32(truncatingIfNeeded: next(.pool, 2)))
    case .used: return .used(usage())
    case .anchor: return .anchor(anchor())
    case .gap: return .gap(gap(shape))
    case .checkpoint: return checkpoint()
    default: return nil
    }
  }

  private mutating func usage() -> Usage {
    let now = context.usage.numbers.enumerated().map { $0.element &+ signed(.used, $0.offset + 1) }
    let counts = now.dropFirst().map(UInt32.init(truncatingIfNeeded:))
    context.usage = Usage(
      cpu: Nanoseconds(now[0]), voluntarySwitches: counts[0], involuntarySwitches: counts[1], minorFaults: counts[2],
      majorFaults: counts[3])
    return context.usage
  }

  private mutating func anchor() -> Anchor {
    let counter = context.anchor.counter &+ UInt64(bitPattern: signed(.anchor, 1))
    let monotonic = context.time &+ signed(.anchor, 2)
    context.anchor = Anchor(
      counter: counter, monotonic: Instant(monotonic), boottime: monotonic &+ signed(.anchor, 3),
      realtime: monotonic &+ signed(.anchor, 4))
    return context.anchor
  }

  private func gap(_ shape: Shape) -> Gap {
    let from = Instant(context.time &- signed(.gap, 1))
    let to = Instant(context.time &- signed(.gap, 2))
    return Gap(
      from: from, to: to, events: shape.flags & 1 != 0 ? next(.gap, 3) : nil,
      reason: GapReason(rawValue: shape.first) ?? .unknown)
  }

  private mutating func checkpoint() -> Event.Body? {
    guard let checkpoint = table.checkpoint(at: Instant(context.time)) else {
      wrong = true
      return nil
    }
    batch.checkpoints.append(checkpoint)
    return .checkpoint(Int32(batch.checkpoints.count - 1))
  }
}
