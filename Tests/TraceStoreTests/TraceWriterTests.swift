import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite struct TraceWriterTests {
  @Test func whatIsWrittenIsRead() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    let site = writer.id(of: Site(function: "tick()", file: "main.swift", line: 7))
    #expect(writer.add(loop: loop("main")) == one)
    #expect(writer.add(loop: loop("other")) == two)
    var (a, b) = (Life(one), Life(two))
    let written = [one: a.batch(100), two: b.batch(50)]
    for batch in written.values { writer.append(batch) }
    writer.close()
    writer.close()

    let store = try TraceStore(path: folder.trace)
    #expect(store.complete)
    #expect(store.definitions == writer.definitions)
    #expect(store.definitions.site(site).function == "tick()")
    #expect(store.definitions.loop(two)?.name == "other")
    #expect(try everything(store) == written.mapValues(\.events))
    #expect(store.chunks.map(\.count).sorted() == [50, 100])
    #expect(store.diagnostics.version == .current)
    #expect(store.diagnostics.bootID.contains { $0 != 0 })
    #expect(store.diagnostics.created > 1_600_000_000_000_000_000)
  }

  @Test func textsAndCheckpointsStayWithTheirEventsWhenBatchesAreJoined() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    for number in 0..<3 {
      var batch = Batch(loop: one)
      _ = batch.add(text: "referred to by nobody")
      let text = batch.add(text: "mark \(number)")
      batch.events.append(Event(Instant(Int64(number)), .marked(text)))
      batch.add(Checkpoint(readyQueue: UInt32(number)), at: Instant(Int64(number)))
      writer.append(batch)
    }
    writer.close()
    let batch = try TraceStore(path: folder.trace).batch(0)
    let marks = batch.events.compactMap { if case .marked(let text) = $0.body { batch.text(text) } else { nil } }
    let queues = batch.events.compactMap { event -> UInt32? in
      if case .checkpoint(let index) = event.body { batch.checkpoints[Int(index)].readyQueue } else { nil }
    }
    #expect(marks == ["mark 0", "mark 1", "mark 2"])
    #expect(queues == [0, 1, 2])
  }

  @Test func definitionsComeAheadOfTheChunkThatNeedsThem() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    var life = Life(one)
    _ = writer.add(loop: loop("main"))
    for line in 1...5 {
      _ = writer.id(of: Site(function: "f", file: "f.swift", line: UInt32(line)))
      writer.append(life.batch(8))
      writer.flush()
      // Read while it is being written: what is defined by now is there, in order.
      let store = try TraceStore(path: folder.trace)
      #expect(store.definitions.sites.map(\.line) == Array(0...UInt32(line)))
      #expect(store.chunks.count == line)
      #expect(!store.complete)
    }
    writer.close()
  }

  @Test func aFullChunkIsSealedByItself() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    var life = Life(one)
    for _ in 0..<5 { writer.append(life.batch(30_000)) }
    let store = try TraceStore(path: folder.trace)
    #expect(store.chunks.map(\.count) == [65_536, 65_536])
    #expect(writer.openBatches().map(\.firstEvent) == [131_072])
    writer.close()
    try store.refresh()
    #expect(store.complete)
    #expect(store.chunks.map(\.firstEvent) == [0, 65_536, 131_072])
  }

  @Test func manyBytesOfTextSealAChunkToo() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    for number in 0..<40 {
      var batch = Batch(loop: one)
      let text = batch.add(text: String(repeating: "x", count: 100_000))
      batch.events.append(Event(Instant(Int64(number)), .marked(text)))
      writer.append(batch)
    }
    writer.close()
    let store = try TraceStore(path: folder.trace)
    #expect(store.chunks.count > 1)
    #expect(try store.batch(0).texts[0].utf8.count <= 64 << 10)
    #expect(store.complete)
  }

  @Test func onlyLoopsWhoseEventsAreOldAreSealedWhenAsked() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    writer.append(Batch(loop: one, events: [Event(Instant(0), .loopBegan)]))
    writer.append(Batch(loop: two, events: [Event(Instant(900), .loopBegan)]))
    writer.flush(olderThan: Nanoseconds(900))
    #expect(writer.openBatches().count == 2)
    writer.flush(olderThan: Nanoseconds(899))
    #expect(writer.openBatches().map(\.batch.loop) == [two])
    writer.close()
  }

  @Test func aChunkSaysWhatItsLoopWasDoing() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    func ms(_ time: Int64) -> Instant { Instant(time * 1_000_000) }
    let outer = Event.Began(id: SpanID(one, 1), kind: .io, trigger: .poll, site: .unknown)
    let inner = Event.Began(id: SpanID(one, 2), kind: .deferred, trigger: .callback, site: .unknown)
    let wall = Anchor(counter: 0, monotonic: ms(10), boottime: 0, realtime: 77)
    writer.append(
      Batch(
        loop: one,
        events: [
          Event(ms(10), .anchor(wall)), Event(ms(20), .pollReturned(ready: 1)), Event(ms(20), .began(outer)),
          Event(ms(30), .began(inner)), Event(ms(90), .ended(inner.id, threw: false)),
          Event(ms(100), .ended(outer.id, threw: true)), Event(ms(100), .pollEntered(timeout: nil)),
        ]))
    writer.flush()
    writer.append(Batch(loop: one, events: [Event(ms(500), .pollReturned(ready: 0)), Event(ms(503), .loopEnded)]))
    writer.close()
    let chunks = try TraceStore(path: folder.trace).chunks
    #expect(
      chunks.map(\.activity) == [
        // The inner span is slow, the outer one is not: 20 ms of its 80 are its own.
        Activity(busy: .milliseconds(90), longestTick: .milliseconds(80), spans: 2, slowSpans: 1),
        Activity(busy: .milliseconds(3), longestTick: .milliseconds(3)),
      ])
    #expect(chunks.map(\.opening) == Array(repeating: WallTime(monotonic: ms(10), realtime: 77), count: 2))
    #expect(chunks.map(\.from) == [ms(10), ms(500)])
    #expect(chunks.map(\.to) == [ms(100), ms(503)])
  }

  @Test func anExistingFileIsLeftAlone() throws {
    let folder = try Folder()
    try write(Array("precious".utf8), to: folder.trace)
    #expect(throws: TraceError.exists(name: folder.trace.string)) { try TraceWriter(creating: folder.trace) }
    #expect(try bytes(of: folder.trace) == Array("precious".utf8))
  }

  @Test func forceReplacesAFileAndWhoReadsItKeepsIt() throws {
    let folder = try Folder()
    let first = try TraceWriter(creating: folder.trace)
    first.append(Batch(loop: one, events: [Event(Instant(1), .loopBegan)]))
    #expect(throws: TraceError.beingWritten(name: folder.trace.string)) {
      try TraceWriter(creating: folder.trace, force: true)
    }
    first.close()
    let reader = try TraceStore(path: folder.trace)
    try TraceWriter(creating: folder.trace, force: true).close()
    #expect(try everything(reader)[one]?.count == 1)
    #expect(try everything(TraceStore(path: folder.trace)).isEmpty)
  }

  @Test func linksAreNotFollowedAndFilesAreTheOwnersOnly() throws {
    let folder = try Folder()
    let link = folder.path.appending("link")
    #expect(symlink(folder.path.appending("other").string, link.string) == 0)
    #expect(throws: TraceError.exists(name: link.string)) { try TraceWriter(creating: link) }
    #expect(throws: TraceError.notAFile(name: link.string)) { try TraceWriter(creating: link, force: true) }
    #expect(throws: TraceError.notAFile(name: "/dev/null")) {
      try TraceWriter(creating: FilePath("/dev/null"), force: true)
    }
    try TraceWriter(creating: folder.trace).close()
    var status = stat()
    #expect(stat(folder.trace.string, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test func aFolderThatIsNotThereIsSaid() {
    #expect(throws: TraceError.system(call: "create", name: "/nowhere/t", errno: ENOENT)) {
      try TraceWriter(creating: FilePath("/nowhere/t"))
    }
  }

  @Test func aSpoolStaysWithinItsLimit() throws {
    let limit = 256 << 10
    let writer = try TraceWriter(spool: .bytes(limit))
    let descriptor = try #require(writer.descriptor)
    let store = try TraceStore(descriptor: descriptor, name: "live", tail: writer)
    var dice = Generator(state: 1)
    var most: Int64 = 0
    for number in 0..<200 {
      var batch = Batch(loop: one)
      let noise = (0..<8_000).map { _ in String(UInt8.random(in: .min ... .max, using: &dice), radix: 16) }
      let text = batch.add(text: noise.joined())
      batch.events.append(Event(Instant(Int64(number)), .marked(text)))
      writer.append(batch)
      writer.flush()
      var status = stat()
      #expect(fstat(descriptor.rawValue, &status) == 0)
      most = max(most, Int64(status.st_blocks) * 512)
    }
    // A chunk is written before the oldest goes, and the file system gives whole blocks.
    #expect(most <= Int64(limit) + 64 << 10)
    #expect(most > Int64(limit) / 2)
    try store.refresh()
    let events = try everything(store)[one] ?? []
    let missing = gaps([one: events])
    #expect(missing.allSatisfy { $0.reason == .overwritten })
    #expect(missing.reduce(0) { $0 + ($1.events ?? 0) } + UInt64(events.count - missing.count) == 200)
    #expect(events.last?.time == Instant(199))
    writer.close()
  }
}
