import Testing
import Trace

@testable import Analysis
@testable import Screens

@Suite struct TimelineTests {
  private func slices(seconds: Double, isLive: Bool) -> TimeSlices {
    var trace = Samples.empty().trace
    trace.to = Samples.start + .seconds(seconds)
    return TimeSlices(of: trace, isLive: isLive, columns: 74)
  }

  @Test func aReplayIsShownWholeInRoundSlices() {
    #expect(slices(seconds: 12.345, isLive: false).length == .milliseconds(200))
    let hour = slices(seconds: 3_600, isLive: false)
    #expect(hour.length == .seconds(60) && hour.count == 61 && hour.from == Samples.start)
    let week = slices(seconds: 604_800, isLive: false)
    #expect(week.length.count % 60_000_000_000 == 0 && week.count <= 74)
    #expect(slices(seconds: 0.01, isLive: false).length == .milliseconds(1))
  }

  @Test func aLiveTraceIsShownAsFarBackAsFits() {
    #expect(slices(seconds: 0, isLive: true) == TimeSlices(from: Samples.start, length: .milliseconds(100), count: 1))
    let hour = slices(seconds: 3_600.5, isLive: true)
    #expect(hour.length == .seconds(1) && hour.count == 74)
    #expect(hour.from == Samples.start + .seconds(3_527))
    #expect(slices(seconds: 3_600.9, isLive: true) == hour)
  }

  @Test func aSliceHoldsItsBeginAndNotItsEnd() {
    let slices = TimeSlices(from: Samples.at(0), length: .milliseconds(10), count: 3)
    #expect([-1, 0, 9, 10, 30].map { slices.index(of: Samples.at($0)) } == [-1, 0, 0, 1, 3])
  }

  @Test func whatIsNotKnownIsNotDrawnAsIdle() {
    var input = Samples.input(Samples.healthy())
    input.busy.shares[LoopID(1)]?[3] = nil
    input.busy.shares[LoopID(1)]?[4] = 0.000_1
    let lines = draw(input, ScreenState(), size: Samples.terminal).lines
    #expect(lines[8].dropFirst(9).prefix(2) == "?▁")
  }

  /// Times as a damaged file may have them: nothing may trap on them.
  @Test(arguments: [Int64.min, Int64.min + 1, -1, 0, 1, Int64.max - 1, Int64.max])
  func noTimeIsTooOdd(_ odd: Int64) {
    for other in [Int64.min, 0, Int64.max] {
      var report = Samples.hanging()
      report.trace.from = Instant(odd)
      report.trace.to = Instant(other)
      report.loops[0].busy = Nanoseconds(odd)
      report.loops[0].idle = Nanoseconds(other)
      report.callbacks = UInt64(bitPattern: odd)
      report.sites[0].total = Nanoseconds(odd)
      report.sites[0].count = UInt64(bitPattern: odd)
      report.stalls[0].began = Instant(other)
      report.stalls[0].duration = Nanoseconds(odd)
      report.chainList = Samples.stalledChain().chainList
      report.chainList[0].waitingOn?.created = Instant(odd)
      report.chainList[0].waitingOn?.due = Instant(other)
      report.chainList[0].steps[0].depth = Int(odd)
      for source in [ScreenInput.Source.live, .replay] {
        let input = Samples.input(report, source: source)
        for view in View.allCases {
          var state = ScreenState()
          _ = state.perform(.show(view), input: input, size: Samples.terminal)
          #expect(draw(input, state, size: Samples.terminal).lines.count == 24)
          _ = state.perform(.open, input: input, size: Samples.terminal)
          #expect(draw(input, state, size: Samples.terminal).lines.count == 24)
        }
      }
    }
  }
}
