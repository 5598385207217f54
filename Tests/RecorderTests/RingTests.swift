import Glibc
import Recorder
import Testing
import Trace

@Suite("What a recorder writes, a reader reads") struct RingTests {
  @Test func aCallbackIsReadWithItsOperationAndItsTimes() throws {
    let ring = try TestRing()
    let recorder = ring.recorder
    let here = ring.site("setUp()", line: 7)
    let timer = recorder.created(.timer, here, due: Instant(5_000))
    recorder.pollEntered(timeout: Nanoseconds(4_000))
    ring.clock.pointee = 5_100
    recorder.pollReturned(ready: 0)
    recorder.began(here, .timer, .timer, operation: timer, due: Instant(5_000))
    ring.clock.pointee = 5_300
    recorder.settled(timer, .success)
    recorder.ended()

    let events = try #require(ring.read()).events.filter { if case .anchor = $0.body { false } else { true } }
    guard case .created(let created) = events[1].body, case .began(let began) = events[4].body else {
      Issue.record("not the expected events: \(events)")
      return
    }
    #expect(created.kind == .timer)
    #expect(created.due == Instant(5_000))
    #expect(ring.sites.site(created.site) == Site(function: "setUp()", file: "Test.swift", line: 7))
    #expect(began.operation == created.id)
    #expect(began.ready == Instant(5_000))
    #expect(events[4].time == Instant(5_100))
    #expect(
      events.map(\.body) == [
        .loopBegan, .created(created), .pollEntered(timeout: Nanoseconds(4_000)), .pollReturned(ready: 0),
        .began(began), .settled(created.id, .success, nil), .ended(began.id, threw: false),
      ])
    #expect(events.last?.time == Instant(5_300))
  }

  @Test func nestedSpansBelongToTheChainOfTheOuterOneUnlessTheyHaveTheirOwn() throws {
    let ring = try TestRing()
    let recorder = ring.recorder
    recorder.beganChain(ring.site("accept"), .io, .poll)
    let outer = recorder.chain
    let first = recorder.created(.deferred, ring.site("first"))
    recorder.beganNow(ring.site("step"), .deferred, .callback, operation: first)
    #expect(recorder.chain == outer)
    recorder.ended()
    let named = recorder.nameChain("GET /users")
    #expect(recorder.chain == named)
    #expect(named != outer)
    recorder.beganNow(ring.site("other"), .deferred, .callback, chain: outer)
    #expect(recorder.chain == outer)
    recorder.ended(threw: true)
    #expect(recorder.chain == named)
    recorder.ended()
    #expect(recorder.chain == .none)

    let batch = try #require(ring.read())
    let names = batch.events.compactMap { event -> String? in
      if case .chainNamed(_, let text) = event.body { batch.text(text) } else { nil }
    }
    #expect(names == ["GET /users"])
  }

  @Test func textsOfEveryLengthComeBackWhole() throws {
    let ring = try TestRing()
    let texts = (0...RingLayout.maximumTextLength).map { length in
      String(repeating: "aé", count: length).utf8.prefix(length)
    }.map { String(decoding: $0, as: UTF8.self) }.filter { !$0.unicodeScalars.contains("\u{FFFD}") }
    for text in texts { ring.recorder.mark(text) }
    let batch = try #require(ring.read())
    let read = batch.events.compactMap { event -> String? in
      if case .marked(let text) = event.body { batch.text(text) } else { nil }
    }
    #expect(read == texts)
  }

  @Test func aReaderThatComesTooLateKnowsWhatItMissedAndWhatIsStillOpen() throws {
    let ring = try TestRing()
    let recorder = ring.recorder
    let lost = recorder.created(.deferred, ring.site("lost"))
    recorder.began(ring.site("hung"), .ready, .callback)
    let slots = ring.reader.header.regions.events.count
    for _ in 0..<slots {
      ring.clock.pointee += 1
      recorder.beganNow(ring.site("busy"), .deferred, .callback)
      recorder.ended()
    }

    var events = 0
    var first: Batch?
    while let batch = ring.read() {
      if first == nil { first = batch }
      events += batch.events.count
    }
    let checkpoint = try #require(first?.checkpoints.first)
    #expect(checkpoint.operations.map(\.operation.site).map(ring.sites.site).map(\.function) == ["lost"])
    #expect(checkpoint.spans.map(\.span.site).map(ring.sites.site).map(\.function) == ["hung"])
    #expect(events > slots - 64 && events <= slots)

    for _ in 0..<slots { recorder.mark("") }
    let late = try #require(ring.read())
    guard case .gap(let gap) = late.events[0].body else {
      Issue.record("no gap: \(late.events[0])")
      return
    }
    #expect(gap.events == UInt64(RingLayout.maximumEventSlots))
    #expect(gap.reason == .overwritten)
    recorder.settled(lost, .dropped)
  }

  @Test func aCheckpointHoldsWhatIsOpen() throws {
    let ring = try TestRing()
    let recorder = ring.recorder
    recorder.watched(7, "127.0.0.1:5000")
    recorder.beganChain(ring.site("accept"), .io, .poll)
    let gone = recorder.created(.thread, ring.site("gone"))
    _ = recorder.nameChain("GET /")
    let open = recorder.created(.read, ring.site("open"), standing: true, descriptor: 7)
    _ = recorder.created(.deferred, ring.site("waits"))
    recorder.settled(gone, .failure, message: "no such table")
    recorder.readyQueue(3)
    recorder.pool(queued: 2, running: 1)

    let checkpoint = try #require(ring.read(checkpoint: true)?.checkpoints.last)
    #expect(checkpoint.operations.map(\.operation.site).map(ring.sites.site).map(\.function) == ["open", "waits"])
    #expect(checkpoint.operations.first?.operation.descriptor == 7)
    #expect(checkpoint.operations.first?.operation.standing == true)
    #expect(checkpoint.chains.map(\.name) == ["GET /"])
    #expect(checkpoint.spans.map(\.span.site).map(ring.sites.site).map(\.function) == ["accept"])
    #expect(checkpoint.descriptors == [WatchedDescriptor(descriptor: 7, label: "127.0.0.1:5000")])
    #expect(checkpoint.readyQueue == 3)
    #expect(checkpoint.poolQueued == 2)
    #expect(checkpoint.poolRunning == 1)
    recorder.settled(open, .cancelled)
    recorder.unwatched(7)
    let later = try #require(ring.read(checkpoint: true)?.checkpoints.last)
    #expect(later.operations.map(\.operation.site).map(ring.sites.site).map(\.function) == ["waits"])
    #expect(later.descriptors == [])
  }

  @Test func aChainThatGoesOnAfterItsNameWasLeftTakesNobodyElsesPlace() throws {
    let ring = try TestRing()
    let recorder = ring.recorder
    let site = ring.site("request")
    func openNamed(_ name: String) -> (RingChain, RingOperation) {
      recorder.beganChain(site, .io, .poll)
      let chain = recorder.nameChain(name)
      let operation = recorder.created(.deferred, site)
      recorder.ended()
      return (chain, operation)
    }
    let (first, waited) = openNamed("first")
    // Its one operation is settled by another chain, and then its step runs, and waits for something else.
    recorder.beganChain(site, .io, .poll)
    recorder.settled(waited, .success)
    recorder.beganNow(site, .deferred, .callback, chain: first)
    recorder.settled(recorder.created(.deferred, site), .success)
    recorder.ended()
    recorder.ended()
    _ = openNamed("second")
    _ = openNamed("third")
    // What the events say is read: from here on a checkpoint says what the table does.
    while ring.read() != nil {}
    recorder.mark("now")
    let checkpoint = try #require(ring.read(checkpoint: true)?.checkpoints.last)
    #expect(checkpoint.chains.map(\.name).sorted() == ["second", "third"])
  }

  @Test func anEntryOfTheReadyQueueKeepsItsMomentWhicheverThreadQueuedIt() throws {
    let ring = try TestRing()
    let recorder = ring.recorder
    ring.clock.pointee = 2_000
    let moment = recorder.clock.moment()
    ring.clock.pointee = 3_000
    recorder.pollReturned(ready: 1)
    let entry = recorder.queued(.none, ring.site("call"), .thread, .thread, chain: .none, at: moment)
    recorder.began(ring.site("call"), .thread, .thread, operation: entry)
    recorder.ended()
    let queued = ring.bodies().compactMap { if case .queued(let queued) = $0 { queued } else { nil } }
    #expect(queued.map(\.moment) == [Instant(2_000)])
    #expect(queued.map(\.creator) == [nil])
  }

  @Test func spansDeeperThanTheLiveTableAreReadInOrder() throws {
    let ring = try TestRing()
    for _ in 0..<100 { ring.recorder.beganNow(ring.site("deep"), .deferred, .callback) }
    #expect(ring.read(checkpoint: true)?.checkpoints.last?.spans.count == 100)
    for _ in 0..<100 { ring.recorder.ended() }
    let batch = try #require(ring.read(checkpoint: true))
    let ended = batch.events.compactMap { if case .ended(let id, _) = $0.body { id } else { nil } }
    #expect(Set(ended).count == 100)
    #expect(ended == ended.sorted(by: >))
    #expect(batch.checkpoints.last?.spans == [])
  }

  @Test func switchedOffItWritesNothingAndReturnsNothing() {
    let recorder = Recorder(loop: "off", poll: "none", options: Recorder.Options(enabled: false))
    #expect(!recorder.isOn)
    #expect(recorder.created(.deferred, recorder.site("f", "g", 1)) == .none)
    #expect(recorder.moment() == .none && recorder.clock.moment() == .none)
    recorder.ended()
    recorder.close()
  }

  @Test func theProcessorsCounterAgreesWithTheClock() throws {
    let ring = try TestRing(clockIsManual: false)
    var before: [Instant] = []
    for _ in 0..<50 {
      before.append(now())
      ring.recorder.mark("")
    }
    let after = now()
    let times = try #require(ring.read()).events.filter { if case .marked = $0.body { true } else { false } }.map(
      \.time)
    #expect(times.count == 50)
    // The rate is known from the time since the ring was opened: a few milliseconds here, so a few parts in 100,000.
    for (mine, its) in zip(before, times) { #expect(its - mine > Nanoseconds(-20_000)) }
    #expect(try #require(times.last) - after < Nanoseconds(20_000))
  }

  private func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}
