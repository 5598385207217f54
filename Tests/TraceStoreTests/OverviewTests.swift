import Drain
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite struct OverviewTests {
  /// Ticks of a loop, each from its poll's return to the next poll's entry, in milliseconds.
  private func batch(_ loop: LoopID, _ ticks: [(from: Int64, to: Int64)]) -> Batch {
    let events = ticks.flatMap { tick in
      [
        Event(Instant(tick.from * 1_000_000), .pollReturned(ready: 1)),
        Event(Instant(tick.to * 1_000_000), .pollEntered(timeout: nil)),
      ]
    }
    return Batch(loop: loop, events: events)
  }

  private func overview(_ batches: [Batch], slices: Int) throws -> Overview {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    _ = (writer.add(loop: loop("main")), writer.add(loop: loop("other")))
    for batch in batches {
      writer.append(batch)
      writer.flush()
    }
    writer.close()
    return try TraceStore(path: folder.trace).overview(slices: slices)
  }

  @Test func itShowsWhenALoopWasBusyAndItsWorstTick() throws {
    // A chunk a hundred milliseconds: a quarter busy, wholly busy, idle.
    let ticks: [[(from: Int64, to: Int64)]] = [[(0, 10), (85, 100)], [(100, 200)], [(299, 300)]]
    let overview = try overview(ticks.map { batch(one, $0) }, slices: 3)
    #expect(overview.events == 8)
    #expect(overview.loops == 1)
    #expect(overview.slices.map { ($0.share ?? -1) * 100 }.map { $0.rounded() } == [25, 100, 1])
    #expect(overview.slices.map(\.longestTick) == [.milliseconds(15), .milliseconds(100), .milliseconds(1)])
    #expect(overview.slices.first?.from == Instant(0))
    #expect(overview.slices.last?.to == Instant(300_000_000))
  }

  @Test func loopsAddUp() throws {
    let overview = try overview([batch(one, [(0, 100)]), batch(two, [(0, 1), (99, 100)])], slices: 1)
    #expect(overview.loops == 2)
    #expect(overview.slices.map(\.known) == [.milliseconds(200)])
    #expect(overview.slices.map(\.busy) == [.milliseconds(102)])
  }

  @Test func whereNoChunkIsNothingIsKnown() throws {
    let overview = try overview([batch(one, [(0, 100)]), batch(two, [(900, 1_000)])], slices: 10)
    #expect(overview.slices.map { $0.share == nil } == [false] + Array(repeating: true, count: 8) + [false])
  }

  @Test func timesThatLieDoNoHarm() throws {
    let wild = Batch(
      loop: one,
      events: [
        Event(Instant(.min), .pollReturned(ready: 1)), Event(Instant(.max), .pollEntered(timeout: nil)),
        Event(Instant(.min), .loopEnded),
      ])
    let overview = try overview([wild, batch(two, [(0, 1)])], slices: 7)
    #expect(overview.slices.count == 7)
    #expect(overview.slices.allSatisfy { $0.busy <= $0.known })
  }

  @Test func aTraceWithoutEventsHasNoSlices() throws {
    #expect(try overview([], slices: 5).slices.isEmpty)
  }
}
