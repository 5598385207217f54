import Trace

/// SplitMix64: the same numbers on every run.
struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// Makes batches of all kinds of events: mostly such as programs write, now and then such as only a bad writer would.
struct RandomBatch {
  var dice: Dice
  var time: Int64 = 5_000_000_000
  private var batch = Batch(loop: LoopID(3))
  private var ids: [UInt64] = [0]
  private var poolEnd = Instant(0)

  init(seed: UInt64) { dice = Dice(state: seed) }

  mutating func make(events: Int) -> Batch {
    batch = Batch(loop: LoopID(3))
    for _ in 0..<events { add() }
    return batch
  }

  private mutating func id() -> UInt64 {
    switch dice.below(20) {
    case 0: return dice.next()
    case 1: return 0
    case 2: return ids[0]
    default: return ids[max(0, ids.count - 1 - dice.below(6))]
    }
  }

  private mutating func own() -> UInt64 {
    let id = dice.chance(3) ? dice.next() : UInt64(3) << 48 | UInt64(1_000 + batch.events.count + dice.below(2))
    ids.append(id)
    return id
  }

  private mutating func moment() -> Instant {
    dice.chance(5) ? Instant(Int64(truncatingIfNeeded: dice.next())) : Instant(time + Int64(dice.below(2_000)) - 1_000)
  }

  private mutating func maybe<T>(_ make: (inout Self) -> T) -> T? { dice.chance(50) ? make(&self) : nil }

  private mutating func text() -> TextID {
    batch.add(text: ["", "a", "naïve ✓", "GET /users?id=7", "line\nend\u{1B}[31m\0"].randomElement(using: &dice)!)
  }

  private mutating func created() -> Event.Created {
    Event.Created(
      id: OperationID(raw: own()), kind: OperationKind.allCases.randomElement(using: &dice)!, standing: dice.chance(20),
      site: SiteID(UInt32(dice.below(5))), chain: maybe { ChainID(raw: $0.id()) },
      creator: maybe { SpanID(raw: $0.id()) }, due: maybe { $0.moment() },
      descriptor: maybe { Int32($0.dice.below(100)) - 1 })
  }

  private mutating func began() -> Event.Began {
    Event.Began(
      id: SpanID(raw: own()), kind: CallbackKind.allCases.randomElement(using: &dice)!,
      trigger: Trigger.allCases.randomElement(using: &dice)!, site: SiteID(UInt32(dice.below(5))),
      operation: maybe { OperationID(raw: $0.id()) }, ready: maybe { $0.moment() }, startsChain: dice.chance(20))
  }

  private mutating func poolEnded() -> Event.Body {
    poolEnd = moment()
    return .poolEnded(OperationID(raw: id()), at: poolEnd)
  }

  private mutating func checkpoint() -> Checkpoint {
    Checkpoint(
      operations: (0..<dice.below(4)).map { _ in OpenOperation(created: moment(), operation: created()) },
      spans: (0..<dice.below(3)).map { _ in OpenSpan(began: moment(), span: began()) },
      chains: (0..<dice.below(3)).map { _ in NamedChain(id: ChainID(raw: id()), named: moment(), name: "chain") },
      descriptors: (0..<dice.below(3)).map { WatchedDescriptor(descriptor: Int32($0), label: "peer") },
      readyQueue: UInt32(dice.below(9)), poolQueued: 1, poolRunning: 2, unlisted: UInt32.max)
  }

  private mutating func add() {
    time =
      dice.chance(1) ? Int64(truncatingIfNeeded: dice.next()) >> 8 : time + Int64(dice.below(3) * dice.below(5_000))
    let body: Event.Body =
      switch dice.below(23) {
      case 0: .loopBegan
      case 1: .loopEnded
      case 2:
        .pollEntered(
          timeout: maybe { Nanoseconds([0, 1_000, Int64($0.dice.below(99)) - 9].randomElement(using: &$0.dice)!) })
      case 3: .pollReturned(ready: UInt32(truncatingIfNeeded: dice.next() >> UInt64(dice.below(64))))
      case 4: .created(created())
      case 5:
        .queued(
          Event.Queued(
            id: OperationID(raw: dice.chance(50) ? own() : id()), moment: dice.chance(50) ? poolEnd : moment(),
            kind: .ready,
            trigger: .thread,
            site: SiteID(7), chain: maybe { ChainID(raw: $0.id()) }, creator: maybe { SpanID(raw: $0.id()) }))
      case 6, 20: .began(began())
      case 7, 21: .ended(SpanID(raw: id()), threw: dice.chance(10))
      case 8: .settled(OperationID(raw: id()), Outcome.allCases.randomElement(using: &dice)!, maybe { $0.text() })
      case 9: .awaits(OperationID(raw: id()), on: OperationID(raw: id()))
      case 10: .chainNamed(ChainID(raw: id()), text())
      case 11: .marked(text())
      case 12: .watched(descriptor: Int32(dice.below(9)), text())
      case 13: .unwatched(descriptor: -1)
      case 14: .pool(queued: UInt32(dice.below(9)), running: .max)
      case 15: .poolBegan(OperationID(raw: id()), at: moment())
      case 22: poolEnded()
      case 16: .unhandled(OperationID(raw: id()), text())
      case 17:
        .used(
          Usage(
            cpu: Nanoseconds(Int64(dice.below(1_000_000))), voluntarySwitches: UInt32(dice.below(100)),
            involuntarySwitches: .max, minorFaults: UInt32(dice.below(100)), majorFaults: 0))
      case 18:
        .anchor(Anchor(counter: dice.next(), monotonic: moment(), boottime: .min, realtime: .max))
      default:
        .gap(
          Gap(
            from: moment(), to: moment(), events: maybe { $0.dice.next() },
            reason: GapReason.allCases.randomElement(using: &dice)!))
      }
    batch.events.append(Event(Instant(time), body))
    if dice.chance(3) { batch.add(checkpoint(), at: Instant(time)) }
  }
}

/// The events of a payload under a header that says it has so many.
func decode(_ payload: [UInt8], _ events: Int, of loop: LoopID = LoopID(3)) throws -> Batch {
  var header = ChunkHeader(kind: .events)
  header.loop = loop
  header.events = UInt32(events)
  return try ChunkCodec.decode(payload, under: header)
}
