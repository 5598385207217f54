import Glibc
import Recorder
import Testing
import Trace

@Suite("What a reader misses is counted to the event") struct GapTests {
  @Test(arguments: [1, 2, 3]) func eventsOfOneAndOfManySlotsAreCountedAlike(seed: UInt64) throws {
    let ring = try TestRing()
    var random = Random(state: seed)
    var writer = MixedWriter(recorder: ring.recorder, random: Random(state: seed &+ 100))
    let slots = UInt64(ring.reader.header.regions.events.count)
    // What opening the recorder wrote.
    var read = UInt64(try #require(ring.read()).events.count)
    let before = read
    var gaps = 0
    for _ in 0..<8 {
      writer.write(Int(random.next() % (slots / 2)))
      // A read that the limit cuts, and one that catches up.
      for _ in 0..<(1 + random.next() % 2) {
        for event in ring.read()?.events ?? [] {
          switch event.body {
          case .gap(let gap):
            read += try #require(gap.events)
            gaps += 1
          case .checkpoint: break
          default: read += 1
          }
        }
      }
    }
    while let batch = ring.read() { read += batch.countWithGaps }
    #expect(gaps > 0)
    #expect(read == before + writer.written)
  }

  @Test func aSlowReaderBesideAWritingThreadLosesNoCount() throws {
    let ring = try TestRing(clockIsManual: false)
    let before = try #require(ring.read()).countWithGaps
    let recorder = ring.recorder
    let isDone = Flag()
    var read = before
    let thread = AnotherThread {
      var writer = MixedWriter(recorder: recorder, random: Random(state: 7))
      writer.write(300_000)
      isDone.set()
      return writer.written
    }
    while !isDone.isSet || !ring.reader.isDrained {
      // So slow that the writer overtakes it now and then.
      usleep(200_000)
      while let batch = ring.read() {
        read += batch.countWithGaps
      }
    }
    let written = thread.join()
    #expect(read == before + written)
  }

  @Test func aReaderStoppedForAMinuteKnowsHowMuchItMissedAndWhatIsOpenNow() throws {
    let ring = try TestRing()
    let recorder = ring.recorder
    _ = ring.read()
    let early = recorder.created(.deferred, ring.site("settles while nobody looks"))
    let open = recorder.created(.deferred, ring.site("stays open"))
    recorder.began(ring.site("hangs"), .ready, .callback)
    _ = ring.read()
    let stopped = ring.clock.pointee
    let count = 2 * ring.reader.header.regions.events.count
    recorder.settled(early, .success)
    for index in 0..<count {
      ring.clock.pointee = stopped + 60_000_000_000 * Int64(index) / Int64(count)
      recorder.unwatched(Int32(index))
    }
    var batches: [Batch] = []
    while let batch = ring.read() { batches.append(batch) }
    guard case .gap(let gap) = batches.first?.events.first?.body else {
      Issue.record("no gap at first")
      return
    }
    #expect(gap.from == Instant(stopped))
    let events = batches.reduce(0) { $0 + $1.countWithGaps }
    #expect(events == UInt64(count) + 1)
    #expect(gap.to.nanoseconds - stopped > 29_000_000_000)
    // Unasked: after a loss whoever follows needs to know what is open.
    let checkpoint = try #require(batches.last?.checkpoints.last)
    #expect(checkpoint.operations.map(\.operation.site).map(ring.sites.site).map(\.function) == ["stays open"])
    #expect(checkpoint.spans.map(\.span.site).map(ring.sites.site).map(\.function) == ["hangs"])
    recorder.settled(open, .success)
  }

  @Test(arguments: [0, 500])
  func whatIsOverwrittenAheadOfTheFirstLookCountsFromWhereItIsExpected(past: Int) throws {
    let ring = try TestRing()
    var writer = MixedWriter(recorder: ring.recorder, random: Random(state: 11))
    writer.write(past)
    // What opening the recorder wrote, where all is expected.
    let before: UInt64 = past == 0 ? try #require(ring.another().read(define: { _ in .unknown })).countWithGaps : 0
    let reader = try ring.another()
    if past == 0 { reader.expectEverything() } else { reader.expectFromNow() }
    let already = writer.written
    writer.write(3 * ring.reader.header.regions.events.count / 2)
    var batches: [Batch] = []
    while let batch = reader.read(define: { _ in .unknown }) { batches.append(batch) }
    let (first, second) = (batches.first?.events.first?.body, batches.first?.events.dropFirst().first?.body)
    guard case .gap(let gap) = first, case .checkpoint = second else {
      Issue.record("no gap and checkpoint at first")
      return
    }
    #expect(gap.from <= gap.to)
    #expect(batches.reduce(0) { $0 + $1.countWithGaps } == before + writer.written - already)
    // Who expects nothing was merely late.
    let late = try #require(ring.another().read(define: { _ in .unknown }))
    guard case .checkpoint = late.events.first?.body else {
      Issue.record("no checkpoint at first")
      return
    }
  }

  @Test func twoReadersOfOneRingSeeTheSame() throws {
    let ring = try TestRing()
    let other = try ring.another()
    var sites = Definitions()
    var writer = MixedWriter(recorder: ring.recorder, random: Random(state: 3))
    var mine: [String] = []
    var its: [String] = []
    for round in 0..<10 {
      writer.write(200)
      mine += ring.read()?.lines ?? []
      if round % 3 == 0 { while let batch = other.read(define: { sites.id(of: $0) }) { its += batch.lines } }
    }
    while let batch = ring.read() { mine += batch.lines }
    while let batch = other.read(define: { sites.id(of: $0) }) { its += batch.lines }
    #expect(mine.count > 2_000)
    #expect(mine.elementsEqual(its), "first difference: \(zip(mine, its).first { $0 != $1 } ?? ("", ""))")
  }
}

extension Batch {
  /// The events that it has or says are missing; a checkpoint is none of the loop's.
  var countWithGaps: UInt64 {
    events.reduce(0) { sum, event in
      switch event.body {
      case .gap(let gap): sum + (gap.events ?? 0)
      case .checkpoint: sum
      default: sum + 1
      }
    }
  }

  /// What happened; ids and texts in one line each, so that batches cut at different places compare.
  var lines: [String] {
    events.map { event in
      switch event.body {
      case .marked(let text): "marked \(self.text(text))"
      case .watched(let descriptor, let text): "watched \(descriptor) \(self.text(text))"
      default: "\(event.body)"
      }
    }
  }
}
