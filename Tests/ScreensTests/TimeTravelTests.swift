import Analysis
import Testing
import Trace

@testable import Screens

@Suite("Moving in time") struct TimeTravelTests {
  private func screen() throws -> TracedScreen { try TracedScreen(TracedScreen.server) }

  /// The moment looked at, in microseconds since the trace's begin.
  private func cursor(_ screen: TracedScreen) -> Int64? {
    screen.state.time.cursor.map { ($0 - screen.report.trace.from).count / 1_000 }
  }

  @Test func atItsBeginALoopIsNotSaidToMissEvents() throws {
    var screen = try TracedScreen(TracedScreen.server)
    screen.press("5", "g")
    #expect(screen.grid.lines[12].contains("not in the poll yet: the loop has just begun"), "\(screen.grid.lines)")
  }

  @Test func readFromACheckpointOnALoopIsNotSaidToHaveJustBegun() {
    var batch = Batch(loop: LoopID(1))
    batch.add(Checkpoint(readyQueue: 0, poolQueued: 0, poolRunning: 0), at: Samples.at(5_000))
    var replay = LoopReplay(loop: LoopID(1))
    replay.consume(batch, through: Samples.at(6_000))
    let line = doing(replay.moment(at: Samples.at(6_000), Definitions()), Setting(Samples.input(Samples.healthy())))
    #expect(line.map(\.text) == ["in the poll or between callbacks: nothing since tells which"])
  }

  @Test func arrowsGoAColumnAndStayWithinTheTrace() throws {
    var screen = try screen()
    let length = screen.state.wanted(screen.report, source: .replay, size: screen.size).slices.length
    #expect(length == .milliseconds(5))
    screen.press("g", .right, .right)
    #expect(cursor(screen) == 10_000)
    screen.press(.left, .left, .left)
    #expect(cursor(screen) == 0)
    screen.press("G")
    #expect(cursor(screen) == nil)
    screen.press(.left)
    #expect(cursor(screen) == 195_100)
    screen.press(.right, .right, .right)
    #expect(cursor(screen) == 200_100)
  }

  @Test func stepsGoFromCallbackToCallbackAndTickToTick() throws {
    var screen = try screen()
    screen.press("g", ".", ".", ".")
    #expect(cursor(screen) == 22_000)
    screen.press(",")
    #expect(cursor(screen) == 21_000)
    screen.press("]", "]")
    #expect(cursor(screen) == 200_000)
    screen.press("]")
    #expect(cursor(screen) == 200_000 && screen.state.message == "there is none further on in what is recorded")
    screen.press("[", "[", "[")
    #expect(cursor(screen) == 10_000)
  }

  @Test func zoomingGoesDownToAMicrosecondAroundTheMoment() throws {
    var screen = try screen()
    screen.press("g", ".", ".", ".")
    for _ in 0..<40 { screen.press("+") }
    let close = screen.state.wanted(screen.report, source: .replay, size: screen.size).slices
    #expect(close.length == Nanoseconds(10) && close.index(of: screen.state.time.cursor!) >= 0)
    #expect(Nanoseconds(close.length.count * Int64(close.count)) < .microseconds(1))
    #expect(cursor(screen) == 22_000)
    for _ in 0..<40 { screen.press("-") }
    let whole = screen.state.wanted(screen.report, source: .replay, size: screen.size).slices
    #expect(whole.length == .milliseconds(5) && whole.from == screen.report.trace.from)
  }

  @Test func theNextStallIsOneKeyAwayAndSoIsTheOneBefore() throws {
    var screen = try screen()
    screen.press("n")
    #expect(cursor(screen) == 80_750)
    screen.press("n")
    #expect(screen.state.message == "no later stall")
    screen.press("G", "N")
    #expect(cursor(screen) == 80_750)
  }

  @Test func aTimeCanBeTyped() throws {
    var screen = try screen()
    screen.press("t")
    screen.type("21ms")
    screen.press(.enter)
    #expect(cursor(screen) == 21_000)
    screen.press("t")
    screen.type("+1.5ms")
    screen.press(.enter)
    #expect(cursor(screen) == 22_500)
    screen.press("t")
    screen.type("soon")
    screen.press(.enter)
    #expect(cursor(screen) == 22_500 && screen.state.message?.contains("is typed as") == true)
    #expect(typedTime("1:02.5") == .seconds(62.5) && typedTime("0:01:00") == .seconds(60))
    #expect(typedTime("3us") == .microseconds(3) && typedTime("nan") == nil && typedTime("1::2") == nil)
    #expect(typedTime("1e300s") == .seconds(1e9))
  }

  @Test func aLiveScreenFollowsUntilOneLooksBack() {
    let before = Samples.input(Samples.healthy())
    var later = before
    later.report.trace.to = Samples.at(60_000)
    var state = ScreenState()
    let following = state.wanted(later.report, source: .live, size: Samples.terminal)
    #expect(following.slices.index(of: Samples.at(60_000)) == Int64(following.slices.count) - 1)
    _ = state.handle(.left, input: before, size: Samples.terminal)
    let pinned = state.wanted(later.report, source: .live, size: Samples.terminal)
    #expect(pinned.slices.from == state.wanted(before.report, source: .live, size: Samples.terminal).slices.from)
    #expect(draw(later, state, size: Samples.terminal).lines[0].hasSuffix("LIVE, 47.9 s behind 0:12.145"))
    _ = state.handle("G", input: later, size: Samples.terminal)
    #expect(state.wanted(later.report, source: .live, size: Samples.terminal).slices == following.slices)
  }

  @Test func playingGoesOnByItselfUntilTheEnd() throws {
    var screen = try screen()
    screen.press("g", "5", "p")
    var seen: [String] = []
    while screen.state.isPlaying, seen.count < 20 {
      if case .find(let step, _, let time)? = screen.state.play(input: screen.input, size: screen.size) {
        #expect(step == .nextCallback)
        let next = screen.batches.flatMap(\.events).first { event in
          guard case .began = event.body else { return false }
          return event.time > time
        }
        screen.state.arrive(at: next?.time, input: screen.input, size: screen.size)
      }
      seen.append(screen.input.moment?.running?.site.function ?? "-")
    }
    #expect(seen == ["accept(_:)", "query(_:)", "render(_:)", "render(_:)", "beat()", "beat()"])
  }

  // MARK: Pictures

  @Test func closeUpTheTicksAndCallbacksAreDrawnToScale() throws {
    var screen = try screen()
    screen.press("n")
    try expect(screen.grid, is: "close-up")
    screen.press("g", ".", "+", "+", "+", "+", "+", "+", "+", "+")
    try expect(screen.grid, is: "close-up-of-a-callback")
  }

  @Test func theLoopIsAPictureOfWhatRunsAndWaits() throws {
    var screen = try screen()
    screen.press("5")
    try expect(screen.grid, is: "loop-in-a-stall")
    screen.press("g", "]")
    try expect(screen.grid, is: "loop-in-a-callback")
    screen.press("t")
    screen.type("5ms")
    screen.press(.enter)
    try expect(screen.grid, is: "loop-polling")
    screen.glyphs = .ascii
    try expect(screen.grid, is: "loop-ascii")
    #expect(screen.grid.cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
    screen.glyphs = .unicode
    screen.size = Size(width: 250, height: 70)
    screen.press("5")
    try expect(screen.grid, is: "loop-250x70")
  }

  @Test func aTickOpensToItsCallbacks() throws {
    var screen = try screen()
    screen.press("5", .enter)
    try expect(screen.grid, is: "tick-details")
    screen.press(.down, .down, .enter)
    #expect(screen.state.view == .loop && cursor(screen) == 140_500)
    screen.press(.escape)
    #expect(screen.state.place == .details)
    screen.press(.escape)
    #expect(screen.state.place == .loop)
  }

  @Test(arguments: View.allCases) func everyViewBearsEverySize(_ view: View) throws {
    var screen = try screen()
    screen.press("n", .character(view.digit))
    for size in [
      Size(width: 1, height: 1), Size(width: 40, height: 10), Size(width: 41, height: 11), Size(width: 300, height: 90),
    ] {
      screen.size = size
      #expect(screen.grid.cells.count == size.width * size.height)
      screen.press(.enter, .right, "+", .down)
      #expect(screen.grid.lines.count == size.height)
      screen.press(.escape)
    }
  }
}
