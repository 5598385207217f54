/// Turns slots into events: keeps what one loop's stream means from slot to slot.
struct RingDecoder {
  let loop: LoopID
  private var clock: CounterClock
  /// The time of the last event: clocks may be corrected, a loop's events never go back.
  private(set) var now: Instant
  /// Open spans, outermost first, with when they began.
  private(set) var spans = Nesting<OpenSpan>()
  /// The trace's number of each of the ring's sites, by the ring's number.
  var sites: [SiteID] = [.unknown]

  private static let deepest = 4_096

  init(loop: LoopID, header: RingHeader) {
    self.loop = loop
    clock = CounterClock(
      header.counter, opened: header.anchor, sameBoot: header.bootID == ProcessIdentity.bootID)
    now = header.anchor.monotonic
  }

  /// Events are missing: what was open may have ended.
  mutating func forget() { spans.removeAll() }

  /// Nothing more happened until then: later events are taken to be no earlier.
  mutating func reach(_ moment: Instant) { now = max(now, moment) }

  /// Spans known from the live table, that began before the first slot that can be read.
  mutating func adopt(_ open: [OpenSpan]) { spans.surround(by: open) }

  /// The trace's id of a ring's site.
  func site(_ number: UInt64) -> SiteID {
    let index = Int(number & 0xFFFF)
    return index < sites.count ? sites[index] : .unknown
  }

  /// A whole reading as a moment.
  func moment(_ counter: UInt64) -> Instant { clock.moment(counter) }

  /// The lower 48 bits of some thread's reading, as a moment.
  func moment(low: UInt64) -> Instant { clock.moment(clock.full(low)) }

  /// Finds the first whole reading in slots from the middle of a stream: what the others' lower 48 bits are near to.
  mutating func synchronize(_ slots: UnsafeRawBufferPointer) {
    for offset in stride(from: 0, to: slots.count, by: RingLayout.slotSize) {
      let word = SlotWord(raw: slots.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let second = slots.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      switch SlotKind(rawValue: word.kind) {
      case .pollEntered, .pollReturned: return clock.advance(to: (second >> 48) << 48 | word.counter)
      case .anchor, .loopBegan, .loopEnded: return clock.advance(to: second)
      default: continue
      }
    }
  }

  /// Decodes whole events from slots that begin with position `start`, into a batch that has no events; returns how many
  /// events they are, those of kinds that are not known included.
  ///
  /// The writer publishes events whole, so the last one is whole as well unless the ring lies; what is cut is dropped.
  mutating func decode(_ slots: UnsafeRawBufferPointer, from start: UInt64, into batch: inout Batch) -> UInt64 {
    let count = slots.count / RingLayout.slotSize
    var passed: UInt64 = 0
    // An event takes a slot at least; a checkpoint, a gap and a checkpoint may come to them.
    batch.events = [Event](unsafeUninitializedCapacity: count + 3) { buffer, filled in
      var events = EventCursor(buffer)
      defer { filled = events.count }
      var index = 0
      while index < count {
        let word = SlotWord(raw: slots.loadUnaligned(fromByteOffset: index * RingLayout.slotSize, as: UInt64.self))
        let second = slots.loadUnaligned(fromByteOffset: index * RingLayout.slotSize + 8, as: UInt64.self)
        var end = index + 1
        while end < count, end - index < RingLayout.maximumEventSlots,
          slots[end * RingLayout.slotSize] == SlotKind.more.rawValue
        {
          end += 1
        }
        if word.kind != SlotKind.more.rawValue { passed &+= 1 }
        let more = Continuations(slots: slots, range: (index + 1)..<end)
        if let kind = SlotKind(rawValue: word.kind) {
          decode(kind, word, second, more, position: start &+ UInt64(index), &events, &batch)
        }
        index = end
      }
    }
    return passed
  }

  // The one long switch of the module: one case an event, in the order of the table in FORMAT.md.
  private mutating func decode(
    _ kind: SlotKind, _ word: SlotWord, _ second: UInt64, _ more: Continuations, position: UInt64,
    _ events: inout EventCursor, _ batch: inout Batch
  ) {
    let low48 = second & 0xFFFF_FFFF_FFFF
    switch kind {
    case .empty, .more:
      return
    case .loopBegan, .loopEnded:
      clock.advance(to: second)
      emit(kind == .loopBegan ? .loopBegan : .loopEnded, to: &events)
    case .pollEntered:
      clock.advance(to: (second >> 48) << 48 | word.counter)
      emit(.pollEntered(timeout: low48 == 0xFFFF_FFFF_FFFF ? nil : Nanoseconds(Int64(low48))), to: &events)
    case .pollReturned:
      clock.advance(to: (second >> 48) << 48 | word.counter)
      emit(.pollReturned(ready: UInt32(truncatingIfNeeded: second)), to: &events)
    case .created:
      advance(word)
      let creation = created(word, second, more, position)
      emit(.created(creation), to: &events)
    case .queued, .queuedOperation:
      let id = kind == .queued ? position : more.second(0) ?? 0
      let moment = min(moment(low: word.counter), now)
      let queued = Event.Queued(
        id: OperationID(loop, id), moment: moment,
        kind: CallbackKind(rawValue: word.flags & 0x1F) ?? .unknown,
        trigger: Trigger(rawValue: word.flags >> 5) ?? .unknown, site: site(second), chain: chain(second >> 16),
        creator: spans.top?.span.id)
      append(.queued(queued), to: &events)
    case .began, .beganDue, .beganChain:
      advance(word)
      begin(kind, word, second, more, position, &events)
    case .ended:
      advance(word)
      // Beyond the depth of its stack the writer does not know the id.
      let id = low48 == 0 ? spans.top?.span.id ?? SpanID(loop, 0) : SpanID(loop, low48)
      spans.pop { $0.span.id == id }
      emit(.ended(id, threw: word.flags & 1 != 0), to: &events)
    case .settled:
      advance(word)
      let text = word.flags & 0x80 != 0 ? batch.add(text: more.text(length: second >> 48)) : nil
      emit(.settled(OperationID(loop, low48), Outcome(rawValue: word.flags & 0x7F) ?? .dropped, text), to: &events)
    case .awaits:
      advance(word)
      guard let other = more.second(0) else { return }
      emit(.awaits(OperationID(loop, low48), on: OperationID(loop, other)), to: &events)
    case .chainNamed:
      advance(word)
      let text = batch.add(text: more.text(length: second >> 48))
      emit(.chainNamed(ChainID(loop, position), text), to: &events)
    case .marked:
      advance(word)
      emit(.marked(batch.add(text: more.text(length: second >> 48))), to: &events)
    case .watched:
      advance(word)
      let text = batch.add(text: more.text(length: second >> 48))
      emit(.watched(descriptor: Int32(truncatingIfNeeded: second), text), to: &events)
    case .unwatched:
      advance(word)
      emit(.unwatched(descriptor: Int32(truncatingIfNeeded: second)), to: &events)
    case .pool:
      let running = UInt32(truncatingIfNeeded: second >> 32)
      append(.pool(queued: UInt32(truncatingIfNeeded: second), running: running), to: &events)
    case .poolBegan:
      append(.poolBegan(OperationID(loop, low48), at: min(moment(low: word.counter), now)), to: &events)
    case .poolEnded:
      append(.poolEnded(OperationID(loop, low48), at: min(moment(low: word.counter), now)), to: &events)
    case .unhandled:
      advance(word)
      let text = batch.add(text: more.text(length: second >> 48))
      emit(.unhandled(OperationID(loop, low48), text), to: &events)
    case .used:
      advance(word)
      guard let switches = more.second(0), let faults = more.second(1) else { return }
      let usage = Usage(
        cpu: Nanoseconds(Int64(bitPattern: second)), voluntarySwitches: UInt32(truncatingIfNeeded: switches),
        involuntarySwitches: UInt32(truncatingIfNeeded: switches >> 32),
        minorFaults: UInt32(truncatingIfNeeded: faults), majorFaults: UInt32(truncatingIfNeeded: faults >> 32))
      emit(.used(usage), to: &events)
    case .anchor:
      guard let monotonic = more.second(0), let boottime = more.second(1), let realtime = more.second(2) else { return }
      let anchor = Anchor(
        counter: second, monotonic: Instant(Int64(bitPattern: monotonic)), boottime: Int64(bitPattern: boottime),
        realtime: Int64(bitPattern: realtime))
      clock.pass(anchor)
      clock.advance(to: second)
      emit(.anchor(anchor), to: &events)
    }
  }

  @inline(__always) private mutating func begin(
    _ kind: SlotKind, _ word: SlotWord, _ second: UInt64, _ more: Continuations, _ position: UInt64,
    _ events: inout EventCursor
  ) {
    let span = began(kind, word, second, due: kind == .began ? nil : more.second(0), position)
    emit(.began(span), to: &events)
    // Only a ring that lies nests so deeply.
    if spans.count < RingDecoder.deepest { spans.push(OpenSpan(began: now, span: span)) }
  }

  /// A begin's slot as a span; also an entry of the live table's stack.
  func began(_ kind: SlotKind, _ word: SlotWord, _ second: UInt64, due: UInt64?, _ position: UInt64) -> Event.Began {
    let operation = second >> 16
    return Event.Began(
      id: SpanID(loop, position), kind: CallbackKind(rawValue: word.flags & 0x1F) ?? .unknown,
      trigger: Trigger(rawValue: word.flags >> 5) ?? .unknown, site: site(second),
      operation: operation == 0 ? nil : OperationID(loop, operation),
      ready: due.map { Instant(Int64(bitPattern: $0)) }, startsChain: kind == .beganChain)
  }

  private func created(
    _ word: SlotWord, _ second: UInt64, _ more: Continuations, _ position: UInt64
  ) -> Event.Created {
    let flags = word.flags
    let descriptor = flags & CreatedFlags.descriptor != 0 ? more.first(0).map { $0 >> 24 } : nil
    return created(
      flags, second, due: flags & CreatedFlags.due != 0 ? more.second(0) : nil, descriptor: descriptor, position,
      creator: spans.top?.span.id)
  }

  /// A creation's slot as an operation; also an entry of the live table.
  func created(
    _ flags: UInt8, _ second: UInt64, due: UInt64?, descriptor: UInt64?, _ position: UInt64, creator: SpanID?
  ) -> Event.Created {
    Event.Created(
      id: OperationID(loop, position), kind: OperationKind(rawValue: flags & 0x1F) ?? .unknown,
      standing: flags & CreatedFlags.standing != 0, site: site(second), chain: chain(second >> 16), creator: creator,
      due: due.map { Instant(Int64(bitPattern: $0)) }, descriptor: descriptor.map { Int32(truncatingIfNeeded: $0) })
  }

  private func chain(_ position: UInt64) -> ChainID? { position == 0 ? nil : ChainID(loop, position) }

  private mutating func advance(_ word: SlotWord) { clock.advance(to: clock.full(word.counter)) }

  /// Adds an event at the clock's reading.
  @inline(__always) private mutating func emit(_ body: Event.Body, to events: inout EventCursor) {
    now = max(now, clock.moment(clock.last))
    append(body, to: &events)
  }

  /// Adds an event that carries a moment of its own, or none: it is known since the event ahead.
  @inline(__always) private func append(_ body: Event.Body, to events: inout EventCursor) {
    events.append(Event(now, body))
  }
}

/// Memory that is filled with events, and how far it is.
private struct EventCursor {
  private let buffer: UnsafeMutableBufferPointer<Event>
  private(set) var count = 0

  init(_ buffer: UnsafeMutableBufferPointer<Event>) { self.buffer = buffer }

  @inline(__always) mutating func append(_ event: Event) {
    buffer.initializeElement(at: count, to: event)
    count += 1
  }
}

/// The slots behind an event's first.
private struct Continuations {
  let slots: UnsafeRawBufferPointer
  let range: Range<Int>

  /// The 56 bits behind the kind.
  func first(_ index: Int) -> UInt64? {
    guard index < range.count else { return nil }
    let offset = (range.lowerBound + index) * RingLayout.slotSize
    return slots.loadUnaligned(fromByteOffset: offset, as: UInt64.self) >> 8
  }

  /// The second word.
  func second(_ index: Int) -> UInt64? {
    guard index < range.count else { return nil }
    let offset = (range.lowerBound + index) * RingLayout.slotSize
    return slots.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
  }

  /// 15 bytes from each, up to a length that the event gives.
  func text(length: UInt64) -> String {
    var bytes: [UInt8] = []
    for slot in range {
      let offset = slot * RingLayout.slotSize
      bytes.append(contentsOf: slots[(offset + 1)..<(offset + RingLayout.slotSize)])
    }
    return String(decoding: bytes.prefix(Int(clamping: length)), as: UTF8.self)
  }
}
