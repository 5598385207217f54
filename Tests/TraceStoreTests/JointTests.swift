import Drain
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite("Several files as one trace") struct JointTests {
  /// A file with one loop that begins at a moment and runs one span with all that can be referred to; and one site that every
  /// such file has, one of its own.
  private static func write(_ path: FilePath, name: String, at begin: Int64, boot: String = "") throws -> TraceStore {
    let writer = try TraceWriter(creating: path, force: true)
    let id = try #require(writer.add(loop: loop(name)))
    _ = writer.id(of: Site(function: name, file: "own.swift", line: 1))
    let site = writer.id(of: Site(function: "shared()", file: "f.swift", line: 1))
    func at(_ distance: Int64) -> Instant { Instant(begin + distance) }
    let (span, call, chain) = (SpanID(id, 1), OperationID(id, 2), ChainID(id, 1))
    var batch = Batch(loop: id, texts: ["GET /", "failed"])
    batch.events = [
      Event(at(0), .loopBegan), Event(at(1), .pollReturned(ready: 1)),
      Event(
        at(2), .began(Event.Began(id: span, kind: .io, trigger: .poll, site: site, ready: at(1), startsChain: true))),
      Event(at(3), .chainNamed(chain, TextID(0))),
      Event(
        at(4),
        .created(
          Event.Created(id: call, kind: .thread, site: site, chain: chain, creator: span, due: at(90)))),
      Event(at(5), .poolBegan(call, at: at(4))), Event(at(6), .poolEnded(call, at: at(5))),
      Event(
        at(7),
        .queued(
          Event.Queued(
            id: call, moment: at(6), kind: .thread, trigger: .thread, site: site, chain: chain, creator: span))),
      Event(at(8), .awaits(call, on: OperationID(id, 3))), Event(at(9), .unhandled(call, TextID(1))),
      Event(at(10), .settled(call, .failure, TextID(1))), Event(at(11), .ended(span, threw: false)),
      Event(at(12), .gap(Gap(from: at(11), to: at(12), events: 3, reason: .overwritten))),
    ]
    batch.add(
      Checkpoint(
        operations: [
          OpenOperation(created: at(4), operation: Event.Created(id: call, kind: .thread, site: site))
        ],
        spans: [
          OpenSpan(began: at(2), span: Event.Began(id: span, kind: .io, trigger: .poll, site: site))
        ], chains: [NamedChain(id: chain, named: at(3), name: "GET /")]), at: at(13))
    writer.append(batch)
    writer.close()
    return try TraceStore(path: path)
  }

  private func stores(_ folder: Folder, secondAt begin: Int64) throws -> [TraceStore] {
    [
      try Self.write(folder.trace, name: "one", at: 1_000),
      try Self.write(folder.path.appending("other"), name: "two", at: begin),
    ]
  }

  @Test func loopsAreNumberedOnAndSitesThatAreTheSameAreOne() throws {
    let store = try TraceStore(joining: stores(Folder(), secondAt: 1_005))
    #expect(store.definitions.loops.map(\.name) == ["one", "two"])
    #expect(store.definitions.loops.map(\.id) == [one, two])
    #expect(store.definitions.sites.map(\.function).sorted() == ["(unknown)", "one", "shared()", "two"])
    #expect(store.chunks.map(\.loop) == [one, two] && store.complete)
  }

  @Test func whatHappenedInTheSecondIsTheSameOnANumberOfItsOwn() throws {
    let folder = try Folder()
    let stores = try stores(folder, secondAt: 1_000)
    let joined = try everything(TraceStore(joining: stores))
    let first = try #require(joined[one]), second = try #require(joined[two])
    #expect(first == (try everything(stores[0])[one]))
    #expect(first.map(\.time) == second.map(\.time))
    let ids = try everything(stores[1])[one]!
    func text(_ events: [Event], _ loop: UInt64) -> String {
      // Operation, span and chain ids are all of that loop.
      (UInt64(1)...3).reduce(String(describing: events)) { text, serial in
        text.replacing(": \(loop << 48 | serial)", with: ": \(serial)")
      }
    }
    #expect(text(second, 2) == text(ids, 1))
  }

  @Test func whatRefersToALoopThatIsNotThereRefersToNone() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    _ = writer.add(loop: loop("main"))
    let awaits = { (other: OperationID) in Event(Instant(5), .awaits(OperationID(one, 1), on: other)) }
    writer.append(Batch(loop: one, events: [awaits(OperationID(LoopID(9), 3))]))
    writer.close()
    let store = try TraceStore(joining: [TraceStore(path: folder.trace), TraceStore(path: folder.trace)])
    #expect(try everything(store)[one] == [awaits(OperationID(LoopID(0), 3))])
  }

  @Test func thoseRecordedAtTheSameTimeKeepIt() throws {
    let store = try TraceStore(joining: stores(Folder(), secondAt: 1_005))
    #expect(!store.isLaidOver)
    #expect(store.chunks.map(\.from.nanoseconds) == [1_000, 1_005])
  }

  @Test func thoseRecordedAtAnotherTimeBeginWithTheFirst() throws {
    for begin: Int64 in [0, 700_000, -(1 << 62)] {
      let store = try TraceStore(joining: stores(Folder(), secondAt: begin))
      #expect(store.isLaidOver)
      #expect(store.chunks.map(\.from.nanoseconds) == [1_000, 1_000])
      let batch = try store.batch(1)
      #expect(batch.events.map(\.time.nanoseconds) == Array(1_000...1_013))
      for case .queued(let entry) in batch.events.map(\.body) { #expect(entry.moment == Instant(1_006)) }
      for case .created(let created) in batch.events.map(\.body) { #expect(created.due == Instant(1_090)) }
      for case .gap(let gap) in batch.events.map(\.body) {
        #expect((gap.from, gap.to) == (Instant(1_011), Instant(1_012)))
      }
      #expect(batch.checkpoints[0].operations[0].created == Instant(1_004))
      #expect(batch.checkpoints[0].spans[0].began == Instant(1_002))
      #expect(batch.checkpoints[0].chains[0].named == Instant(1_003))
    }
  }

  @Test func chunksComeInTheOrderOfTime() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    _ = (writer.add(loop: loop("main")), writer.id(of: Site(function: "f()", file: "f.swift", line: 1)))
    var life = Life(one)
    for _ in 0..<3 {
      writer.append(life.batch(6))
      writer.flush()
    }
    writer.close()
    let file = try TraceStore(path: folder.trace)
    let store = try TraceStore(joining: [file, TraceStore(path: folder.trace)])
    #expect(store.chunks.map(\.loop) == [one, two, one, two, one, two])
    let all = try everything(store)
    #expect(all[one] == (try everything(file)[one]) && all[two]?.count == all[one]?.count)
  }

  @Test func moreLoopsThanCanBeNumberedAreRefused() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    for _ in 0..<40_000 { _ = writer.add(loop: loop("l")) }
    writer.close()
    let stores = [try TraceStore(path: folder.trace), try TraceStore(path: folder.trace)]
    #expect(throws: TraceError.tooManyLoops(name: folder.trace.string)) { try TraceStore(joining: stores) }
  }
}
