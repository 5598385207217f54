import Testing

@testable import Screens

@Suite struct TourTests {
  private func touring() throws -> TracedScreen {
    var screen = try TracedScreen(TracedScreen.server)
    screen.state.beginTour(input: screen.input, size: screen.size)
    return screen
  }

  @Test func itsStopsStandOverWhatTheySpeakOf() throws {
    var screen = try touring()
    try expect(screen.grid, is: "tour-1")
    screen.press(" ")
    try expect(screen.grid, is: "tour-2")
    screen.press(" ", " ", .backspace)
    #expect(screen.state.view == .ticks && screen.grid.lines.contains { $0.contains("Tour, 3 of 8") })
  }

  @Test func everyStopFitsAPlainTerminalAndTheLastEndsIt() throws {
    var screen = try touring()
    for number in 1...TourStop.all.count {
      let lines = screen.grid.lines
      #expect(lines.contains { $0.contains("Tour, \(number) of \(TourStop.all.count)") })
      let last = TourStop.all[number - 1].text.split(separator: " ").last!
      #expect(lines.contains { $0.contains(last) }, "stop \(number)")
      screen.press(" ")
    }
    #expect(screen.state.tour == nil)
  }

  @Test func otherKeysDoWhatTheyDoAndEscEndsIt() throws {
    var screen = try touring()
    screen.press("3")
    #expect(screen.state.view == .stalls && screen.state.tour == 0)
    screen.press(.escape)
    #expect(screen.state.tour == nil)
    screen.press(" ")
    #expect(screen.state.isPaused)
  }

  @Test func onAHealthyTraceItFindsNothingToOpenAndGoesOn() {
    let input = Samples.input(Samples.empty(), source: .replay)
    var state = ScreenState()
    state.beginTour(input: input, size: Samples.terminal)
    for _ in 0..<20 { _ = state.handle(" ", input: input, size: Samples.terminal) }
    #expect(draw(input, state, size: Samples.terminal).lines.count == 24)
  }
}
