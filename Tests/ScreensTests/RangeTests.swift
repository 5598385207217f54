import Testing
import Trace

@testable import Analysis
@testable import Screens

@Suite("A range of time") struct RangeTests {
  private func screen(_ keys: Key...) throws -> TracedScreen {
    var screen = try TracedScreen(TracedScreen.crowd)
    for key in keys { screen.press(key) }
    return screen
  }

  /// The first stall's time, chosen by keys: a range begins half-way and ends at the begin of all.
  private func restricted() throws -> TracedScreen { try screen("n", "v", "g", "v") }

  @Test func isChosenByItsTwoEndsAndRestrictsEveryView() throws {
    let whole = try screen()
    var screen = try restricted()
    try expect(screen.grid, is: "range")
    #expect(screen.grid.lines[0].hasSuffix("RANGE 0:00.000-0:00.073"))
    let sites = { (screen: TracedScreen) in screen.report.sites.map(\.site.function) }
    #expect(sites(whole).contains("render(_:)") && !sites(screen).contains("render(_:)"))
    screen.press("4")
    #expect(screen.report.chainList.count == 3)
    screen.press("2", "/")
    screen.type("render")
    screen.press(.enter)
    #expect(screen.grid.lines[23].hasPrefix("render is in no row"))
  }

  @Test func withinOneLongCallbackShowsThatCallbackItsChainAndWhoWaitedMeanwhile() throws {
    var screen = try screen()
    for end in ["0.05", "0.08"] {
      screen.press("t")
      screen.type(end)
      screen.press(.enter, "v")
    }
    let query = try #require(screen.report.sites.first)
    #expect(query.site.function == "query(_:)" && query.runningFor == .milliseconds(30))
    // Two others stand in the queue all the while.
    #expect(query.harm == .milliseconds(60) && query.victims == 2)
    #expect(screen.report.chainList.map(\.name) == ["a", "b", "c"])
    #expect(screen.report.loops.map(\.utilization) == [1])
    try expect(screen.grid, is: "range-in-a-callback")
  }

  @Test func thatEndsWithinACallbackLooksBeyondItForThoseThatWaited() throws {
    let server = try TracedScreen(
      TracedScreen.server.replacing(
        "1 10.141500 poll-enter timeout=0.0085\n1 10.150200 poll-return ready=0",
        with: """
          1 10.141500 poll-enter timeout=0
          1 10.141500 poll-return ready=1
          1 10.141500 begin span=25 kind=io trigger=poll site=1 op=2 starts-chain
          1 10.142000 end span=25
          """))
    var screen = server
    for end in ["0.05", "0.08"] {
      screen.press("t")
      screen.type(end)
      screen.press(.enter, "v")
    }
    screen.press("2", .enter)
    let lines = screen.grid.lines
    #expect(lines.contains("  harm        none yet: who waits in the kernel is known when it runs"))
    screen.press(.end)
    #expect(screen.grid.lines.contains { $0.hasPrefix("   ≤30.0 ms  accept(_:)") }, "\(screen.grid.lines)")
  }

  @Test func isThatOfAStallWhereOneGoesThereFromItsDetails() throws {
    var screen = try screen("3", .enter)
    let lines = try #require(screen.state.details(screen.input))
    let place = try #require(lines.firstIndex { $0.line.first?.text == "  every view, in this time only" })
    for _ in lines[..<place].filter({ $0.target != nil }) { screen.press(.down) }
    screen.press(.enter)
    // With a tenth of its length after it, in which those run that it kept waiting.
    #expect(screen.grid.lines[0].hasSuffix("RANGE 0:00.010-0:00.149") && screen.state.view == .callbacks)
    #expect(screen.report.stalls.map(\.ended) == [true] && screen.report.sites.count == 4)
    screen.press(.escape)
    #expect(screen.state.range == nil)
  }

  @Test func inWhichALoopOnlyWaitsInItsPollSaysSo() throws {
    var screen = try screen()
    for end in ["2", "2.5"] {
      screen.press("t")
      screen.type(end)
      screen.press(.enter, "v")
    }
    #expect(screen.report.loops.map(\.idle) == [.milliseconds(500)])
    #expect(screen.report.sites.isEmpty && screen.report.stalls.isEmpty)
    #expect(screen.report.operations.pending == 2)
  }

  @Test func isGivenUpByEscapeOrItsOwnKey() throws {
    for key: Key in [.escape, "V"] {
      var screen = try restricted()
      let before = try self.screen("n", "v", "g").state.time
      screen.press(key)
      #expect(screen.state.range == nil && screen.state.time == before)
    }
    // What lies nearer ends first.
    var screen = try restricted()
    screen.press("3", .enter, .escape)
    #expect(screen.state.range != nil)
    screen.press(.escape)
    #expect(screen.state.range == nil)
  }

  @Test func goesOnCountingTimeFromTheBeginOfAll() throws {
    var screen = try screen("n", "v", "G", "v")
    #expect(screen.grid.lines[0].hasSuffix("RANGE 0:00.073-0:04.000"))
    screen.press("t")
    screen.type("2.5")
    screen.press(.enter)
    #expect(screen.grid.lines[0].hasSuffix("RANGE 0:02.500 of 0:00.073-0:04.000"))
    screen.press("t")
    screen.type("0.01")
    screen.press(.enter)
    #expect(screen.grid.lines[23].hasPrefix("there is what lies between 0:00.073 and 0:04.000"))
  }

  @Test func withoutLengthIsNone() throws {
    let screen = try screen("n", "v", "v")
    #expect(screen.state.range == nil && screen.grid.lines[23].hasPrefix("the range has no length"))
  }

  @Test func endsAPause() throws {
    var screen = try screen(" ")
    #expect(screen.state.isPaused)
    screen.press("n", "v", "g", "v")
    #expect(!screen.state.isPaused && screen.state.range != nil)
  }

  @Test func canBeChosenWithinAnother() throws {
    var screen = try restricted()
    let first = try #require(screen.state.range)
    screen.press("v", "g", .right, .right, "v")
    let second = try #require(screen.state.range)
    #expect(first.lowerBound < second.lowerBound && second.upperBound == first.upperBound)
    screen.press("V")
    #expect(screen.state.range == nil)
  }

  @Test func whatIsRecordedIsSaidInTheHeader() throws {
    let screen = try screen()
    var input = screen.input
    input.recording = RecordingStatus(file: "looptop-1.looptrace", length: .seconds(12), bytes: 9_000)
    #expect(draw(input, screen.state, size: screen.size).lines[0].hasSuffix("REC 12.0 s  REPLAY 0:04.000"))
    var pressed = screen
    pressed.press("r")
    #expect(pressed.effects == [.record])
  }

  @Test func loopsStandSideBySide() throws {
    var report = Samples.hanging()
    report.loops.append(Samples.loop(2, name: "a worker with a very long name", busy: 900, idle: 11_000))
    report.loops[1].tick = Percentiles(
      count: 9, p50: .microseconds(80), p90: .microseconds(200), p99: .microseconds(450), max: .milliseconds(3))
    report.loops += (3...9).map { Samples.loop($0, name: "w\($0)", busy: 10, idle: 20) }
    report.loops[2].ended = true
    var state = ScreenState()
    let input = Samples.input(report)
    _ = state.handle("o", input: input, size: Samples.terminal)
    try expect(draw(input, state, size: Samples.terminal), is: "loops-side-by-side")
    _ = state.handle("l", input: input, size: Samples.terminal)
    #expect(draw(input, state, size: Samples.terminal).lines[6].contains("2 a worker"))
    let ascii = draw(Samples.input(report, glyphs: .ascii), state, size: Size(width: 120, height: 40))
    #expect(ascii.cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
  }
}
