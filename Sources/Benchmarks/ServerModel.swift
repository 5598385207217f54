import Trace

/// A server's loop as the demo `healthy` records it, for traces larger than anybody wants to wait for: requests that call
/// the thread pool and go on in four steps, and timers, with times that no packer can foretell.
struct ServerModel {
  private let loop: LoopID
  private let sites: [SiteID]
  private var batch: Batch
  private var time: Int64 = 1_000_000_000
  private var serial: UInt64 = 1
  private var state: UInt64
  private var calls: [(call: OperationID, chain: ChainID, finished: Int64)] = []

  init(loop: LoopID, sites: [SiteID], seed: UInt64) {
    self.loop = loop
    self.sites = sites
    state = seed
    batch = Batch(loop: loop)
  }

  /// The next ticks, with at least so many events.
  mutating func next(_ count: Int) -> Batch {
    batch = Batch(loop: loop)
    batch.events.reserveCapacity(count + 256)
    while batch.events.count < count { tick() }
    return batch
  }

  private mutating func tick() {
    add(.pollEntered(timeout: Nanoseconds(5_000_000_000 - time % 5_000_000_000)))
    pass(20_000, 400_000)
    let ready = 1 + random(3)
    add(.pollReturned(ready: UInt32(ready)))
    let due = calls
    calls.removeAll(keepingCapacity: true)
    for call in due { finish(call) }
    for _ in 0..<ready { accept() }
  }

  /// Bytes arrive: a request begins, names its chain and hands a query to the pool.
  private mutating func accept() {
    let span = SpanID(loop, serial)
    begin(.io, .poll, sites[0], of: nil, startsChain: true)
    pass(2_000, 12_000)
    let chain = ChainID(loop, serial)
    let name = batch.add(text: ["GET /users", "GET /orders", "POST /orders"][random(3)])
    add(.chainNamed(chain, name))
    pass(500, 3_000)
    let call = OperationID(loop, serial)
    add(.created(Event.Created(id: call, kind: .thread, site: sites[1], chain: chain, creator: span)))
    add(.pool(queued: 0, running: UInt32(calls.count + 1)))
    pass(1_500, 65_000)
    add(.ended(span, threw: false))
    calls.append((call, chain, time + Int64(random(20_000))))
  }

  /// The pool has answered: the call's callback and the four steps behind it.
  private mutating func finish(_ call: (call: OperationID, chain: ChainID, finished: Int64)) {
    let finished = min(call.finished, time)
    add(.poolBegan(call.call, at: Instant(finished - 8_000 - Int64(random(12_000)))))
    add(.poolEnded(call.call, at: Instant(finished)))
    add(.pool(queued: 0, running: 0))
    let entry = Event.Queued(
      id: call.call, moment: Instant(finished), kind: .thread, trigger: .thread, site: sites[1], chain: call.chain)
    add(.queued(entry))
    let outer = SpanID(loop, serial)
    begin(.thread, .thread, sites[1], of: call.call)
    pass(1_000, 20_000)
    add(.settled(call.call, .success, nil))
    for site in sites[2...] {
      pass(500, 8_000)
      let step = SpanID(loop, serial)
      begin(.deferred, .callback, site, of: call.call)
      pass(2_000, 50_000)
      add(.ended(step, threw: false))
    }
    pass(500, 5_000)
    add(.ended(outer, threw: false))
  }

  private mutating func begin(
    _ kind: CallbackKind, _ trigger: Trigger, _ site: SiteID, of operation: OperationID?, startsChain: Bool = false
  ) {
    let id = SpanID(loop, serial)
    add(
      .began(
        Event.Began(id: id, kind: kind, trigger: trigger, site: site, operation: operation, startsChain: startsChain)))
  }

  private mutating func add(_ body: Event.Body) {
    batch.events.append(Event(Instant(time), body))
    serial += 1
  }

  /// Time goes by: mostly near the least, now and then four times the most.
  private mutating func pass(_ least: Int, _ most: Int) {
    let length = least + random(random(most - least) + 1)
    time += Int64(random(100) == 0 ? length + 4 * random(most) : length)
  }

  /// Below `limit`; the same for the same seed.
  private mutating func random(_ limit: Int) -> Int {
    // SplitMix64.
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) % UInt64(limit))
  }
}
