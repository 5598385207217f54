import Testing
import Trace

@testable import Analysis
@testable import Screens

@Suite struct ScreenTests {
  private static let large = Size(width: 120, height: 40)

  /// The screen after some keys.
  private func screen(
    of input: ScreenInput, after keys: [Key] = [], size: Size = Samples.terminal
  ) -> Grid {
    var state = ScreenState()
    for key in keys { _ = state.handle(key, input: input, size: size) }
    return draw(input, state, size: size)
  }

  @Test func aTraceWithNothingInItSaysSo() throws {
    try expect(screen(of: Samples.input(Samples.empty())), is: "empty")
  }

  @Test func aHealthyLoopIsCalledSo() throws {
    try expect(screen(of: Samples.input(Samples.healthy())), is: "healthy")
  }

  @Test func aBlockingCallbackIsNamedWithItsPlace() throws {
    try expect(screen(of: Samples.input(Samples.blocking())), is: "blocking")
  }

  @Test func aHungCallbackIsNamedWithItsAge() throws {
    try expect(screen(of: Samples.input(Samples.hanging())), is: "hanging")
  }

  @Test func theAgeOfAHungCallbackCountsUp() {
    var report = Samples.hanging()
    report.trace.to = Samples.at(14_345)
    let lines = screen(of: Samples.input(report)).lines
    #expect(lines[3].contains("running for 5.20 s"))
  }

  @Test func aReplayIsShownWholeOnALargeScreen() throws {
    let input = Samples.input(Samples.hanging(), source: .replay, size: Self.large)
    try expect(screen(of: input, size: Self.large), is: "hanging-120x40")
  }

  @Test func theViewsAreOneKeyAway() throws {
    let input = Samples.input(Samples.hanging())
    try expect(screen(of: input, after: [.character("2")]), is: "callbacks")
    try expect(screen(of: input, after: [.character("3")]), is: "stalls")
    try expect(screen(of: Samples.input(Samples.stalledChain()), after: [.character("4")]), is: "chains")
  }

  @Test func enterOpensWhatIsSelected() throws {
    let input = Samples.input(Samples.hanging())
    try expect(screen(of: input, after: [.down, .enter]), is: "callback-details")
    try expect(screen(of: input, after: [.character("3"), .enter]), is: "stall-details")
    try expect(
      screen(of: Samples.input(Samples.stalledChain()), after: [.character("4"), .enter]), is: "chain-details")
  }

  @Test func theHelpIsMadeOfTheCommands() throws {
    try expect(screen(of: Samples.input(Samples.healthy()), after: [.function(1)]), is: "help")
  }

  @Test func anASCIITerminalGetsASCIIOnly() throws {
    let grid = screen(of: Samples.input(Samples.hanging(), glyphs: .ascii))
    try expect(grid, is: "hanging-ascii")
    #expect(grid.cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
    let hostile = screen(of: Samples.input(Samples.hostile(), glyphs: .ascii))
    #expect(hostile.cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
  }

  @Test func namesCannotTakeTheTerminalOver() throws {
    try expect(screen(of: Samples.input(Samples.hostile())), is: "hostile")
  }

  @Test(arguments: [Samples.terminal, large, Size(width: 250, height: 70), Size(width: 40, height: 10)])
  func noCellHoldsAControlCharacter(_ size: Size) {
    let keys: [[Key]] = [
      [], [.enter], [.character("2")], [.character("3")], [.character("4")], [.character("4"), .enter],
    ]
    for keys in keys {
      let grid = screen(of: Samples.input(Samples.hostile(), size: size), after: keys, size: size)
      #expect(grid.cells.count == size.width * size.height)
      for y in 0..<size.height { #expect(grid.row(y).reduce(0) { $0 + $1.width } == size.width) }
      let scalars = grid.cells.flatMap(\.text.unicodeScalars)
      #expect(!scalars.contains { [.control, .format].contains($0.properties.generalCategory) })
    }
  }

  @Test func severalProgramsAreNotCalledByTheNameOfOne() {
    var report = Samples.healthy()
    var other = Samples.process
    (other.pid, other.command) = (4243, "worker")
    report.processes.append(other)
    report.loops.append(Samples.loop(2, name: "w", busy: 1, idle: 2))
    #expect(screen(of: Samples.input(report)).lines[0].hasPrefix("2 programs  2 processes  2 loops "))
  }

  @Test func aLongCommandLeavesRoomForThePid() {
    var report = Samples.healthy()
    report.processes[0].command = "/usr/bin/server " + String(repeating: "--option ", count: 100)
    let line = screen(of: Samples.input(report)).lines[0]
    #expect(line.hasPrefix("server --option") && line.hasSuffix("…  pid 4242  loop main  LIVE 0:12.345"))
  }

  @Test func aScreenTooSmallSaysHowLargeItMustBe() {
    let size = Size(width: 39, height: 9)
    let lines = screen(of: Samples.input(Samples.healthy()), size: size).lines
    #expect(lines[0] == "looptop needs 40x10, not 39x9")
    #expect(lines.dropFirst().allSatisfy { $0.isEmpty })
    #expect(screen(of: Samples.input(Samples.healthy()), size: Size(width: 0, height: 0)).cells.isEmpty)
  }

  @Test func moreLoopsThanRowsShowTheBusiest() {
    var report = Samples.healthy()
    report.loops = (1...30).map { Samples.loop($0, name: "loop \($0)", busy: Int64($0), idle: 100) }
    let lines = screen(of: Samples.input(report)).lines
    #expect(lines[5...8].map { $0.prefix(7) } == ["27 loop", "28 loop", "29 loop", "30 loop"])
    #expect(lines[0].contains("30 loops"))
  }

  @Test func lossesAreInTheHeader() {
    var report = Samples.healthy()
    let gap = Gap(from: Samples.at(1), to: Samples.at(2), events: 1_500, reason: .overwritten)
    let unknown = Gap(from: Samples.at(3), to: Samples.at(4), events: nil, reason: .damaged)
    report.trace.gaps = [LoopGap(loop: LoopID(1), gap: gap), LoopGap(loop: LoopID(1), gap: unknown)]
    #expect(screen(of: Samples.input(report)).lines[1].hasSuffix("gaps 2, 1,500+ lost"))
  }

  @Test func aPausedScreenStandsAndSaysHowFarBehindItIs() {
    let before = Samples.input(Samples.healthy())
    var after = Samples.input(Samples.blocking())
    after.report.trace.to = Samples.at(15_545)
    var state = ScreenState()
    #expect(state.handle(.character(" "), input: before, size: Samples.terminal) == nil)
    let lines = draw(after, state, size: Samples.terminal).lines
    #expect(lines[0].hasSuffix("PAUSED, 3.20 s behind 0:12.345"))
    #expect(lines[2] == "OK nothing blocks")
    _ = state.handle(.character(" "), input: after, size: Samples.terminal)
    #expect(draw(after, state, size: Samples.terminal).lines[2].hasPrefix("! WARNING"))
  }
}
