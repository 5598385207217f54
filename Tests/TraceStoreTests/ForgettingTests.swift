import Drain
import SystemPackage
import Testing
import Trace
import TraceStore

/// What a live writer gives up for newer events takes no memory in a reader either.
@Suite struct ForgettingTests {
  private let writer: TraceWriter
  private let store: TraceStore

  init() throws {
    writer = try TraceWriter(spool: .bytes(64 << 10))
    for name in ["main", "other"] { _ = writer.add(loop: loop(name)) }
    store = try TraceStore(descriptor: try #require(writer.descriptor), name: "spool", tail: writer)
  }

  /// Chunks of three events, of the loops by turns. The reader looks before they are given up.
  private func write(_ numbers: Range<Int>) throws {
    for number in numbers {
      let times = (0..<3).map { Instant(Int64(number) * 1_000 + $0) }
      writer.append(Batch(loop: number % 2 == 0 ? one : two, events: times.map { Event($0, .pollReturned(ready: 1)) }))
      writer.flush()
      if number % 20 == 0 { try store.refresh() }
    }
    try store.refresh()
  }

  /// What a reader is told of each loop: its events, and those in gaps.
  private func count(_ cursor: inout TraceStore.Cursor) throws -> [LoopID: (events: Int, missing: UInt64)] {
    var counts: [LoopID: (events: Int, missing: UInt64)] = [:]
    while let batch = try store.next(&cursor) {
      var known = counts[batch.loop] ?? (0, 0)
      for event in batch.events {
        if case .gap(let gap) = event.body { known.missing += gap.events ?? 0 } else { known.events += 1 }
      }
      counts[batch.loop] = known
    }
    return counts
  }

  @Test func asManyChunksAreKnownAsThereAreAndSomeMore() throws {
    for part in 0..<10 {
      try write(part * 2_000..<(part + 1) * 2_000)
      #expect(store.chunks.count < 2_500)
    }
    #expect(store.chunks.startIndex > 15_000 && store.chunks.endIndex == 20_000)
    #expect(store.chunks.prefix(2).map(\.missing) == [.overwritten, .overwritten])
    #expect(store.chunks.prefix(2).map(\.loop) == [one, two])
  }

  @Test func whoReadsAllIsToldExactlyWhatIsGone() throws {
    try write(0..<10_000)
    var cursor = TraceStore.Cursor()
    let counts = try count(&cursor)
    for loop in [one, two] {
      let (events, missing) = counts[loop] ?? (0, 0)
      #expect(events > 0 && missing > 0)
      #expect(UInt64(events) + missing == 15_000)
    }
  }

  @Test func whoHasReadSomeGoesOnWithWhatIsLeft() throws {
    try write(0..<100)
    var cursor = TraceStore.Cursor()
    #expect(try count(&cursor)[one]?.events == 150)
    try write(100..<8_000)
    let counts = try count(&cursor)
    for loop in [one, two] {
      let (events, missing) = counts[loop] ?? (0, 0)
      #expect(UInt64(events) + missing == 11_850)
    }
  }

  @Test func aChunkThatIsLeftKeepsItsIndex() throws {
    var written = 0
    while store.chunks.startIndex == 0 {
      try #require(written < 4_000)
      let index = store.chunks.endIndex
      try write(written..<written + 1)
      let batch = try store.batch(index)
      try write(written + 1..<written + 20)
      #expect(try store.batch(index) == batch)
      written += 20
    }
  }
}
