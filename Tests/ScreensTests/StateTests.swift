import Analysis
import Testing
import Trace

@testable import Screens

@Suite struct StateTests {
  private let size = Samples.terminal
  private let input = Samples.input(Samples.blocking())

  private func state(after keys: Key..., from state: ScreenState = ScreenState(), on input: ScreenInput) -> ScreenState
  {
    var state = state
    for key in keys { _ = state.handle(key, input: input, size: size) }
    return state
  }

  /// The text of the rows that are drawn as selected.
  private func selected(_ state: ScreenState, _ input: ScreenInput) -> [String] {
    let grid = draw(input, state, size: size)
    return (0..<size.height).filter { grid.row($0).contains { $0.style.isSelected } }.map { grid.lines[$0] }
  }

  @Test func theSelectionFollowsTheThing() {
    let state = state(after: .down, on: input)
    #expect(selected(state, input).map { $0.contains("answer(_:)") } == [true])
    var later = input
    later.report.sites.reverse()
    #expect(selected(state, later).map { $0.contains("answer(_:)") } == [true])
    later.report.sites.removeAll { $0.site == Samples.users }
    #expect(selected(state, later).map { $0.contains("tick()") || $0.contains("accept()") } == [true])
    later.report.sites = []
    #expect(selected(state, later) == [])
  }

  @Test func untilSomethingIsSelectedTheWorstIs() {
    let hanging = Samples.input(Samples.hanging())
    #expect(selected(ScreenState(), input)[0].contains("queryOnTheLoop"))
    #expect(selected(ScreenState(), hanging)[0].contains("spin()"))
  }

  @Test func detailsStayWithTheirThing() {
    let open = state(after: .enter, on: input)
    var later = input
    later.report.sites.reverse()
    #expect(draw(later, open, size: size).lines[5] == "queryOnTheLoop(_:)")
    later.report.sites = []
    #expect(draw(later, open, size: size).lines[5] == "It is no longer listed.")
    #expect(state(after: .escape, from: open, on: input).place == .list)
  }

  @Test func aLongListScrollsNoFurtherThanItMust() {
    var long = input
    long.report.sites = (0..<100).map { index in
      Samples.site(
        Site(function: "f\(index)", file: "F.swift", line: 1), .timer, count: 1, total: 1, max: 1)
    }
    var state = state(after: .character("2"), .end, on: long)
    #expect(selected(state, long)[0].contains("f99 "))
    state = self.state(after: .up, .up, from: state, on: long)
    let lines = draw(long, state, size: size).lines
    #expect(lines[22].contains("f99 ") && selected(state, long)[0].contains("f97 "))
    state = self.state(after: .home, .pageDown, from: state, on: long)
    #expect(selected(state, long)[0].contains("f17 "))
    #expect(draw(long, state, size: Size(width: 80, height: 12)).lines.contains { $0.contains("f17 ") })
  }

  @Test func sortGoesFromColumnToColumnAndBackToTheWorst() {
    let list = ListName.callbacks.listing
    var state = ScreenState()
    var orders: [[Thing]] = []
    for _ in 0...list.places(80).count {
      orders.append(state.things(.callbacks, input))
      _ = state.handle(.character("s"), input: input, size: size)
    }
    #expect(orders[0] == input.report.sites.map(\.thing))
    #expect(orders[3] == input.report.sites.sorted { $0.count > $1.count }.map(\.thing))
    #expect(state.lists[.callbacks]?.sort == nil)
    _ = state.handle("S", input: input, size: size)
    #expect(state.things(.callbacks, input) == orders[0].reversed())
  }

  @Test func aLongHelpScrollsToItsEndAndNoFurther() {
    let help = state(after: .character("?"), .end, .down, on: input)
    #expect(draw(input, help, size: size).lines[22].contains("events known to be missing"))
    #expect(state(after: "?", from: help, on: input).place == .list)
  }

  @Test func quittingAndRepaintingAreTheCallersToDo() {
    var state = ScreenState()
    #expect(state.handle(.character("q"), input: input, size: size) == .quit)
    #expect(state.handle(.control("l"), input: input, size: size) == .redraw)
    #expect(state.handle(.character("x"), input: input, size: size) == nil)
    #expect(state == ScreenState())
  }
}
