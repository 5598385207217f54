import Testing
import Trace

@testable import Analysis

@Suite struct `The timeline` {
  private let loop = LoopID(1)

  private func second(_ time: Double) -> Instant { Instant(Nanoseconds.seconds(time).count) }

  @Test func `has what every slice of a screen's width needs`() throws {
    let timeline = try analyze(
      """
      1 1.0 poll-enter
      1 2.01 poll-return ready=1
      1 2.01 begin span=1 site=1
      1 2.9 begin span=2 site=2
      1 2.9 end span=2
      1 3.5 end span=1
      1 3.5 poll-enter
      1 5.0 poll-return ready=0
      1 5.0 poll-enter
      """
    ).timeline(at: nil)
    let range = try #require(timeline.range)
    #expect(range.from == second(1) && range.to >= second(5) && range.to < second(5.01))

    let slices = timeline.slices(loop: loop, from: second(1), to: second(5), count: 4)
    #expect(slices.map(\.from) == [1, 2, 3, 4].map(second))
    #expect(slices.map(\.to) == [2, 3, 4, 5].map(second))
    #expect(slices.map(\.callbacks) == [0, 2, 0, 0])
    #expect(slices.map(\.isStalled) == [false, true, true, false])
    for (slice, busy) in zip(slices, [0, 0.99, 0.5, 0]) {
      // To a slice's length: its neighbours share one.
      #expect(abs(slice.busy.seconds - busy) < 0.002)
      #expect(abs(slice.busy.seconds + slice.idle.seconds - 1) < 0.002)
    }
    #expect(slices[1].longestTick == .milliseconds(1_490) && slices[2].longestTick == .milliseconds(1_490))
    #expect(slices[2].longestOwn == .milliseconds(1_490))
  }

  @Test func `shows what is still going on`() throws {
    let analyzer = try analyze("1 1 poll-enter\n1 2.01 poll-return ready=1\n1 2.01 begin span=1 site=1\n")
    let now = analyzer.timeline(at: second(3.91)).slices(loop: loop, from: second(1), to: second(5), count: 4)
    #expect(now.map(\.isStalled) == [false, true, true, false])
    #expect(now[2].longestOwn == .milliseconds(1_900))
    let later = analyzer.timeline(at: second(5)).slices(loop: loop, from: second(1), to: second(5), count: 4)
    #expect(later.map(\.isStalled) == [false, true, true, true])
  }

  @Test func `stays bounded and keeps its sums however long the trace`() throws {
    var track = TimelineTrack(origin: Instant(0))
    for minute in 0..<10_000 {
      let start = Instant(Int64(minute) * 60_000_000_000)
      track.countCallback(at: start)
      track.add(busyFrom: start, to: start + .seconds(20), tick: .seconds(20), isStall: true)
      track.add(idleFrom: start + .seconds(20), to: start + .seconds(60))
    }
    #expect(track.slices.count <= TimelineTrack.limit && track.slices.count > TimelineTrack.limit / 2)
    #expect(track.slices.reduce(Nanoseconds.zero) { $0 + $1.busy } == .seconds(200_000))
    #expect(track.slices.reduce(Nanoseconds.zero) { $0 + $1.idle } == .seconds(400_000))
    for width in [1, 7, 80, 250, 10_000] {
      let sampled = track.resampled(from: Instant(0), to: track.end, count: width)
      #expect(sampled.reduce(0) { $0 + $1.callbacks } == 10_000)
      let off = sampled.reduce(Nanoseconds.zero) { $0 + $1.busy } - .seconds(200_000)
      #expect(abs(off.count) <= Int64(width))
    }
  }

  @Test func `is nothing where nothing is known`() throws {
    let empty = Analyzer().timeline(at: second(1))
    #expect(empty.range == nil)
    #expect(empty.slices(loop: loop, from: second(0), to: second(1), count: 80).isEmpty)
    let timeline = try analyze("1 1 poll-enter\n1 2 poll-return ready=0\n").timeline(at: nil)
    #expect(timeline.slices(loop: loop, from: second(1), to: second(1), count: 80).isEmpty)
    #expect(timeline.slices(loop: loop, from: second(1), to: second(2), count: 0).isEmpty)
    let outside = timeline.slices(loop: loop, from: Instant(.min / 2), to: Instant(.max / 2), count: 3)
    #expect(outside.reduce(Nanoseconds.zero) { $0 + $1.idle }.seconds.rounded() == 1)
  }
}
