import Trace

/// A well-formed trace of a loop that does all that makes callbacks wait, at random, with many moments alike.
struct RandomServer {
  private var random: SplitMix
  private let loop = LoopID(1)
  private var serial: UInt64 = 0
  private var time = Instant(1_000_000)
  private(set) var batch = Batch(loop: LoopID(1))
  private var queue: [Event.Queued] = []
  private var timers: [Event.Created] = []
  private var reads: [Event.Created] = []
  private var stack: [(id: SpanID, chain: ChainID?)] = []
  private let longest: Int64

  /// Steps of time are up to `longest` nanoseconds long.
  init(seed: UInt64, longest: Int64) {
    random = SplitMix(state: seed)
    self.longest = longest
    emit(.loopBegan)
  }

  private mutating func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

  @discardableResult
  private mutating func emit(_ body: Event.Body) -> UInt64 {
    serial += 1
    batch.events.append(Event(time, body))
    return serial
  }

  private mutating func pass() { if number(3) > 0 { time = time + Nanoseconds(Int64(number(Int(longest)))) } }

  /// A pass of the loop.
  mutating func tick() {
    emit(.pollEntered(timeout: number(3) == 0 ? .zero : nil))
    time = time + Nanoseconds(number(2) == 0 ? Int64(number(9)) : Int64(number(200_000)))
    emit(.pollReturned(ready: 1))
    for _ in 0..<number(5) {
      pass()
      if let read = reads.popLast(), number(3) > 0 {
        emit(.settled(read.id, .success, nil))
        run(.io, .poll, site: read.site, operation: read.id, chain: read.chain)
      } else {
        run(.io, .poll, site: SiteID(1), startsChain: true)
      }
    }
    let now = time
    for timer in timers where timer.due! <= now && number(5) > 0 {
      timers.removeAll { $0.id == timer.id }
      pass()
      run(
        .timer, .timer, site: timer.site, operation: timer.id, chain: timer.chain,
        ready: number(2) == 0 ? timer.due : nil)
      emit(.settled(timer.id, .success, nil))
    }
    for _ in 0..<queue.count where number(8) > 0 && !queue.isEmpty {
      pass()
      let entry = queue.remove(at: number(4) == 0 ? number(queue.count) : 0)
      run(entry.kind, entry.trigger, site: entry.site, operation: entry.id, chain: entry.chain)
    }
    pass()
  }

  private mutating func run(
    _ kind: CallbackKind, _ trigger: Trigger, site: SiteID, operation: OperationID? = nil, chain: ChainID? = nil,
    ready: Instant? = nil, startsChain: Bool = false
  ) {
    let id = SpanID(loop, serial + 1)
    emit(
      .began(
        .init(
          id: id, kind: kind, trigger: trigger, site: site, operation: operation, ready: ready, startsChain: startsChain
        )))
    stack.append((id, startsChain ? ChainID(raw: id.raw) : chain ?? stack.last?.chain))
    for _ in 0..<number(4) {
      pass()
      act()
    }
    pass()
    emit(.ended(id, threw: false))
    stack.removeLast()
  }

  private mutating func act() {
    let chain = stack.last?.chain
    let operation = OperationID(loop, serial + 1)
    let site = SiteID(UInt32(1 + number(4)))
    switch number(9) {
    case 0:
      let due = time + Nanoseconds(Int64(number(300_000)))
      let timer = Event.Created(id: operation, kind: .timer, site: site, chain: chain, due: due)
      emit(.created(timer))
      timers.append(timer)
    case 1, 2:
      enqueue(Event.Queued(id: operation, moment: time, kind: .ready, trigger: .callback, site: site, chain: chain))
    case 3:
      // A thread's result, which was there before the loop learned of it.
      let moment = max(time - Nanoseconds(Int64(number(2_000))), Instant(1_000_000))
      enqueue(Event.Queued(id: operation, moment: moment, kind: .thread, trigger: .thread, site: site, chain: chain))
    case 4, 5: if stack.count < 5 { run(.deferred, .callback, site: site, chain: nil) }
    case 6:
      let read = Event.Created(id: operation, kind: .read, site: site, chain: chain)
      emit(.created(read))
      reads.append(read)
    case 7:
      guard let entry = queue.last, number(4) == 0 else { return }
      queue.removeLast()
      emit(.settled(entry.id, .cancelled, nil))
    default:
      guard number(3) == 0 else { return }
      let id = ChainID(loop, serial + 1)
      emit(.chainNamed(id, batch.add(text: "named")))
      stack[stack.count - 1].chain = id
    }
  }

  private mutating func enqueue(_ entry: Event.Queued) {
    emit(.queued(entry))
    queue.append(entry)
  }
}
