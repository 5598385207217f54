import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite struct TraceStoreTests {
  /// A small file: definitions, four chunks of events of two loops, more definitions in between, an index, an end.
  static func small(_ folder: Folder) throws -> (bytes: [UInt8], events: [LoopID: [Event]], chunks: [ChunkSummary]) {
    let writer = try TraceWriter(creating: folder.trace)
    var lives = [Life(one), Life(two)]
    var events: [LoopID: [Event]] = [:]
    _ = (writer.add(loop: loop("main")), writer.add(loop: loop("other")))
    for round in 0..<4 {
      _ = writer.id(of: Site(function: "f\(round)", file: "f.swift", line: 1))
      let batch = lives[round % 2].batch(6 + round)
      events[batch.loop, default: []] += batch.events
      writer.append(batch)
      writer.flush()
    }
    writer.close()
    return (try bytes(of: folder.trace), events, Array(try TraceStore(path: folder.trace).chunks))
  }

  @Test func aFileCutAnywhereGivesAllThatStandsAheadOfTheCut() throws {
    let folder = try Folder()
    let (whole, events, chunks) = try Self.small(folder)
    let other = folder.path.appending("other")
    for length in 0..<whole.count {
      try write(whole[..<length], to: other)
      guard length >= 64 else {
        let expected: TraceError =
          length == 0 ? .empty(name: other.string) : .tooShort(name: other.string, bytes: Int64(length))
        #expect(throws: expected) { try TraceStore(path: other) }
        continue
      }
      let store = try TraceStore(path: other)
      let isWhole = chunks.filter { chunk in
        let next = chunks.first { $0.offset > chunk.offset }?.offset ?? UInt64(whole.count)
        return chunk.offset < length && next <= length
      }
      var read = try everything(store)
      #expect(gaps(read).isEmpty)
      #expect(!store.complete)
      // What is read is a beginning of what was written, and at least the chunks of which all that follows is there.
      for (loop, expected) in events {
        let got = read.removeValue(forKey: loop) ?? []
        #expect(got == Array(expected.prefix(got.count)))
        #expect(got.count >= isWhole.filter { $0.loop == loop }.reduce(0) { $0 + Int($1.count) })
      }
      let torn = store.diagnostics.tornTail
      #expect(torn == nil || torn!.offset + torn!.bytes == UInt64(length))
      #expect(torn?.bytes ?? 0 < 1_000)
    }
  }

  @Test func aWrongByteAnywhereIsFoundLocatedAndCostsOneChunk() throws {
    let folder = try Folder()
    let (whole, events, _) = try Self.small(folder)
    let other = folder.path.appending("other")
    let all = events.values.reduce(0) { $0 + $1.count }
    for at in whole.indices {
      var bytes = whole
      bytes[at] ^= 0x55
      try write(bytes, to: other)
      guard at >= 8 else {
        #expect(throws: TraceError.notATrace(name: other.string)) { try TraceStore(path: other) }
        continue
      }
      let store = try TraceStore(path: other)
      try store.verify()
      #expect(!store.complete, "byte \(at)")
      let diagnostics = store.diagnostics
      let read = try everything(store)
      let missing = gaps(read)
      #expect(missing.allSatisfy { $0.reason == .damaged })
      let lost = missing.reduce(0) { $0 + Int($1.events ?? 0) }
      let got = read.values.reduce(0) { $0 + $1.count } - missing.count
      #expect(got + lost == all, "byte \(at): \(got) read, \(lost) lost")
      #expect(lost <= 9)
      #expect(lost == Int(diagnostics.eventsLost))
      if at < 64 {
        #expect(!diagnostics.headerIntact)
      } else {
        let places = diagnostics.damage.map { $0.offset..<max($0.offset + $0.bytes, $0.offset + 1) }
        let tail = diagnostics.tornTail.map { [$0.offset..<$0.offset + $0.bytes] } ?? []
        #expect((places + tail).contains { $0.lowerBound <= at && at < $0.upperBound + 1_024 }, "byte \(at)")
      }
    }
  }

  @Test func aFileWithoutAnIndexLosesOneChunkToADamagedHeader() throws {
    let folder = try Folder()
    let (whole, events, chunks) = try Self.small(folder)
    var bytes = whole
    // The end mark goes, so the index is not found; and the second loop's first chunk loses its header.
    bytes.removeLast(128)
    bytes[Int(chunks[1].offset) + 20] ^= 1
    try write(bytes, to: folder.trace)
    let store = try TraceStore(path: folder.trace)
    let read = try everything(store)
    #expect(read[one] == events[one])
    #expect(read[two]?.count == 1 + Int(chunks[3].count))
    #expect(gaps(read).map(\.events) == [chunks[1].count])
    #expect(store.diagnostics.damage.map(\.what) == [.unreadable, .missing])
    #expect(store.diagnostics.damage[0].offset == chunks[1].offset)
    #expect(store.diagnostics.damage[1].loop == two)
  }

  @Test func whatIsNoTraceIsSaid() throws {
    let folder = try Folder()
    try write(
      Array("#!/bin/sh\necho this is a script, and longer than the header of a trace would be\n".utf8), to: folder.trace
    )
    #expect(throws: TraceError.notATrace(name: folder.trace.string)) { try TraceStore(path: folder.trace) }
    try write(Array("short".utf8), to: folder.trace)
    #expect(throws: TraceError.notATrace(name: folder.trace.string)) { try TraceStore(path: folder.trace) }
    #expect(throws: TraceError.notAFile(name: folder.path.string)) { try TraceStore(path: folder.path) }
    #expect(throws: TraceError.notAFile(name: "/dev/null")) { try TraceStore(path: FilePath("/dev/null")) }
    #expect(throws: TraceError.system(call: "open", name: "/nowhere", errno: ENOENT)) {
      try TraceStore(path: FilePath("/nowhere"))
    }
  }

  @Test func aLaterMajorVersionIsRefusedAndALaterMinorOneIsRead() throws {
    let folder = try Folder()
    let rest = try Self.small(folder).bytes.dropFirst(64)
    let later = FormatVersion(major: 2, minor: 3)
    try write(FileHeader(version: later, bootID: [], created: 0).bytes + rest, to: folder.trace)
    #expect(throws: TraceError.laterVersion(name: folder.trace.string, found: later, known: .current)) {
      try TraceStore(path: folder.trace)
    }
    let minor = FormatVersion(major: 1, minor: 9)
    try write(FileHeader(version: minor, bootID: [], created: 0).bytes + rest, to: folder.trace)
    let store = try TraceStore(path: folder.trace)
    #expect(store.complete)
    #expect(store.diagnostics.version == minor)
  }

  @Test func chunksOfALaterKindAreHoppedOver() throws {
    let folder = try Folder()
    let (whole, events, _) = try Self.small(folder)
    var header = ChunkHeader(kind: .end)
    header.kind = 99
    header.offset = 64
    let strange = try Payload.seal([1, 2, 3], under: header)
    // The file is rebuilt around it, because chunks know where they stand.
    var bytes = Array(whole[..<64]) + strange
    var at = 64
    while at < whole.count {
      var header = try #require(whole[at...].withUnsafeBytes { ChunkHeader($0) })
      let next = Int(header.next)
      let payload = whole[(at + 128)..<next]
      header.offset = UInt64(bytes.count)
      if header.kind <= 2 { bytes += header.bytes + payload }
      at = next
    }
    try write(bytes, to: folder.trace)
    let store = try TraceStore(path: folder.trace)
    #expect(try everything(store) == events)
    #expect(store.diagnostics.damage.isEmpty)
  }

  @Test(arguments: 0..<20) func aCursorGivesEveryEventOnceWhileChunksAreSealedBetweenReads(seed: Int) throws {
    var dice = Generator(state: UInt64(seed))
    let writer = try TraceWriter(spool: .bytes(64 << 20))
    let store = try TraceStore(descriptor: #require(writer.descriptor), name: "live", tail: writer)
    var lives = [Life(one), Life(two), Life(LoopID(3))]
    var written: [LoopID: [Event]] = [:]
    var read: [LoopID: [Event]] = [:]
    var cursor = TraceStore.Cursor()
    for _ in 0..<400 {
      switch Int.random(in: 0..<8, using: &dice) {
      case 0: writer.flush()
      case 1: writer.flush(olderThan: Nanoseconds(Int64.random(in: 0..<50_000, using: &dice)))
      case 2: try store.refresh()
      case 3, 4:
        for _ in 0..<Int.random(in: 1..<5, using: &dice) {
          if let batch = try store.next(&cursor) { read[batch.loop, default: []] += batch.events }
        }
      default:
        let which = Int.random(in: 0..<3, using: &dice)
        let batch = lives[which].batch(Int.random(in: 0..<40, using: &dice))
        written[batch.loop, default: []] += batch.events
        writer.append(batch)
      }
    }
    try store.refresh()
    while let batch = try store.next(&cursor) { read[batch.loop, default: []] += batch.events }
    #expect(read == written)
    // And a reader that comes last, with nothing but the sealed chunks, reads the same.
    let descriptor = try #require(writer.descriptor)
    writer.flush()
    #expect(try everything(TraceStore(descriptor: descriptor, name: "late")) == written)
    writer.close()
  }

  @Test func aCursorGivesEveryEventOnceWhileAnotherThreadWrites() async throws {
    let writer = try TraceWriter(spool: .bytes(64 << 20))
    let written = Task.detached {
      var lives = [Life(one), Life(two)]
      var written: [LoopID: [Event]] = [:]
      for round in 0..<600 {
        let batch = lives[round % 2].batch(round % 23)
        written[batch.loop, default: []] += batch.events
        writer.append(batch)
        if round % 5 == 0 { writer.flush() }
      }
      return written
    }
    let store = try TraceStore(descriptor: #require(writer.descriptor), name: "live", tail: writer)
    var cursor = TraceStore.Cursor()
    var read: [LoopID: [Event]] = [:]
    let all = (0..<600).reduce(0) { $0 + $1 % 23 }
    while read.values.reduce(0, { $0 + $1.count }) < all {
      try store.refresh()
      while let batch = try store.next(&cursor) { read[batch.loop, default: []] += batch.events }
      await Task.yield()
    }
    #expect(await written.value == read)
    writer.close()
  }

  @Test func ofAChunkThatWasReadInPartOnlyTheRestIsAGapWhenItIsDamaged() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    let file = try FileDescriptor.open(folder.trace, .readWrite)
    defer { try? file.close() }
    let store = try TraceStore(descriptor: file, name: "live", tail: writer)
    var life = Life(one)
    var cursor = TraceStore.Cursor()
    writer.append(life.batch(30))
    #expect(try store.next(&cursor)?.events.count == 30)
    writer.append(life.batch(12))
    writer.flush()
    _ = try file.writeAll(toAbsoluteOffset: 64 + 128 + 10, [0xAA, 0xAA])
    try store.refresh()
    #expect(gaps([one: try store.next(&cursor)?.events ?? []]).map(\.events) == [12])
    #expect(try store.next(&cursor) == nil)
    #expect(store.diagnostics.damage.map(\.events) == [42])
    writer.close()
  }

  @Test func aGrowingFileIsFollowed() throws {
    let folder = try Folder()
    let whole = try Self.small(folder).bytes
    let events = try everything(TraceStore(path: folder.trace))
    let other = folder.path.appending("other")
    try write(whole[..<64], to: other)
    let store = try TraceStore(path: other)
    var cursor = TraceStore.Cursor()
    var read: [LoopID: [Event]] = [:]
    for length in stride(from: 64, through: whole.count, by: 97) + [whole.count] {
      try write(whole[..<length], to: other)
      try store.refresh()
      while let batch = try store.next(&cursor) { read[batch.loop, default: []] += batch.events }
    }
    #expect(read == events)
    #expect(store.complete)
  }
}

/// SplitMix64: the same numbers on every run.
struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
