import Analysis
import Screens
import SystemPackage
import Testing
import Trace
import TraceStore

@testable import looptop

private let root = String(#filePath.prefix(#filePath.count - "/Tests/EndToEndTests/LensTests.swift".count))

@Suite("Looking into a trace where one is") struct LensTests {
  private let store: TraceStore
  private let batches: [Batch]
  private let loop = LoopID(1)

  init() throws {
    store = try TraceStore(path: FilePath("\(root)/traces/never-fires.looptrace"))
    var cursor = TraceStore.Cursor()
    var batches: [Batch] = []
    while let batch = try store.next(&cursor) { batches.append(batch) }
    self.batches = batches
  }

  /// Moments all over the trace, the same ones each time, in no order.
  private var times: [Instant] {
    let (first, last) = (batches[0].events[0].time, batches.last!.events.last!.time)
    var state: UInt64 = 7
    return (0..<60).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return first + Nanoseconds(Int64(state >> 20) % (last - first).count)
    }
  }

  @Test func aMomentIsTheSameWhereverOneComesFrom() throws {
    let lens = Lens(store)
    for time in times {
      var replay = LoopReplay(loop: loop)
      for batch in batches where replay.consume(batch, through: time) != nil { break }
      var expected = replay.moment(at: time, store.definitions)
      expected.look(ahead: batches)
      let moment = try lens.moment(of: loop, at: time)
      #expect(moment?.phase == expected.phase && moment?.next == expected.next)
      #expect(moment?.stack.map(\.began) == expected.stack.map(\.began))
      #expect(
        moment?.timers.map(\.id) == expected.timers.map(\.id) && moment?.calls.map(\.id) == expected.calls.map(\.id))
      #expect(moment?.watched == expected.watched && moment?.ready == expected.ready)
    }
    #expect(try lens.moment(of: loop, at: batches[0].events[0].time - Nanoseconds(1)) == nil)
    #expect(try lens.moment(of: LoopID(9), at: times[0]) == nil)
  }

  @Test func whatOneLookHasNoTimeForTheNextOnesFindOut() throws {
    let patient = Lens(store)
    for time in times.prefix(6) {
      let hasty = Lens(store, patience: Nanoseconds(0))
      var moment: LoopMoment?
      repeat {
        hasty.begin()
        moment = try hasty.moment(of: loop, at: time)
      } while hasty.isBehind
      let expected = try patient.moment(of: loop, at: time)
      #expect(moment?.withoutCreation == expected?.withoutCreation)
      for (found, known) in zip(moment?.pending ?? [], expected?.pending ?? []) {
        #expect(abs((found.created - known.created).count) < 1_000)
      }
    }
  }

  @Test func aWindowIsTheSameAsFromAllEvents() throws {
    let lens = Lens(store)
    for (index, time) in times.enumerated() {
      let slices = TimeSlices(from: time, length: .microseconds([3, 80, 2_000][index % 3]), count: 74)
      let expected = LoopWindow(
        after: LoopReplay(loop: loop), batches, from: slices.from, length: slices.length, count: slices.count,
        until: nil, store.definitions)
      #expect(try lens.window(of: loop, slices, until: nil) == expected)
    }
  }

  @Test func stepsLeadToTheEventsNextToTheMoment() throws {
    let lens = Lens(store)
    let events = batches.flatMap(\.events)
    let begins = events.filter { if case .began = $0.body { true } else { false } }.map(\.time)
    let returns = events.filter { if case .pollReturned = $0.body { true } else { false } }.map(\.time)
    for time in times {
      #expect(try lens.find(.nextCallback, of: loop, from: time) == begins.first { $0 > time })
      #expect(try lens.find(.previousCallback, of: loop, from: time) == begins.last { $0 < time })
      #expect(try lens.find(.nextTick, of: loop, from: time) == returns.first { $0 > time })
      #expect(try lens.find(.previousTick, of: loop, from: time) == returns.last { $0 < time })
    }
  }
}

/// A checkpoint tells when what it lists was created by how the counter ran until then, an event by how it ran until that: they
/// are some nanoseconds apart, and what one looks at may have come from either.
extension LoopMoment {
  fileprivate var pending: [Pending] { timers + calls + others }

  fileprivate var withoutCreation: LoopMoment {
    var moment = self
    for list in [\LoopMoment.timers, \.calls, \.others] {
      for index in moment[keyPath: list].indices { moment[keyPath: list][index].created = Instant(0) }
    }
    return moment
  }
}
