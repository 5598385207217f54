import Analysis
import Testing
import Trace

@testable import Screens

@Suite("Searching, filtering, going from thing to thing") struct LookingTests {
  private let size = Samples.terminal

  private func screen(_ report: Report, _ keys: [Key]) -> (state: ScreenState, grid: Grid, input: ScreenInput) {
    let input = Samples.input(report, source: .replay)
    var state = ScreenState()
    for key in keys { _ = state.handle(key, input: input, size: size) }
    return (state, draw(input, state, size: size), input)
  }

  private func typed(_ text: String) -> [Key] { text.unicodeScalars.map(Key.character) }

  @Test func whatIsSearchedForIsMarkedEverywhereAndSelected() {
    let (state, grid, input) = screen(Samples.blocking(), ["2", "/"] + typed("LISTEN") + [.enter])
    let marked = (0..<size.height).filter { grid.row($0).contains { $0.style.role == .match } }
    #expect(marked.map { grid.lines[$0].contains("Listen.swift") } == [true])
    #expect(state.selected(input) == Samples.healthy().sites[1].thing)
    var next = state
    _ = next.handle("n", input: input, size: size)
    #expect(next.selected(input) == state.selected(input))
    _ = next.handle(.escape, input: input, size: size)
    #expect(!draw(input, next, size: size).cells.contains { $0.style.role == .match })
    let (_, none, _) = screen(Samples.blocking(), ["2", "/"] + typed("nowhere") + [.enter])
    #expect(none.lines[23].hasPrefix("nowhere is in no row of this list"))
  }

  @Test(arguments: [
    ("kind:timer", 1), ("site:users", 1), ("answer", 1), (">200ms", 1), ("<2ms", 2), ("loop:1", 4), ("loop:2", 0),
    ("kind:io >2ms", 1), ("kind:io site:listen", 1), ("marked", 0), ("", 4),
  ])
  func aFilterIsAllOfItsTerms(_ text: String, _ count: Int) {
    let (state, grid, input) = screen(Samples.blocking(), ["2", "f"] + typed(text) + [.enter])
    #expect(state.things(.callbacks, input).count == count)
    #expect(text.isEmpty || grid.lines[23].hasSuffix("filter \(text): \(count == 0 ? "none" : "1 of \(count)")"))
  }

  @Test func aFilterThatIsNotUnderstoodStaysToBeMended() {
    let (state, grid, _) = screen(Samples.blocking(), ["2", "f"] + typed(">soon") + [.enter])
    #expect(state.isTyping && grid.lines[23].hasPrefix("filter: >soon"))
  }

  @Test func whatIsMarkedCanBeListedAlone() {
    let (state, grid, input) = screen(Samples.blocking(), ["2", .down, "m", .up, "f"] + typed("marked") + [.enter])
    #expect(state.things(.callbacks, input) == [input.report.sites[1].thing])
    #expect(grid.lines[6].hasPrefix(" *answer(_:)"))
  }

  @Test func commandsAreDoneByName() {
    #expect(screen(Samples.blocking(), [":"] + typed("view-s") + [.tab, .enter]).state.view == .stalls)
    let (_, grid, _) = screen(Samples.blocking(), [":"] + typed("prev"))
    #expect(grid.lines[23] == ":prev   previous-view previous previous-callback previous-tick")
    let (state, unknown, _) = screen(Samples.blocking(), [":"] + typed("launch") + [.enter])
    #expect(state.view == .ticks && unknown.lines[23].hasPrefix("there is no command launch"))
    var completed = Prompt(.command, text: "previous-c")
    completed.complete()
    #expect(completed.text == "previous-callback")
  }

  @Test func everyKeyTypesWhileALineIsTyped() {
    let (state, grid, _) = screen(Samples.blocking(), ["/"] + typed("q 5n") + [.backspace])
    #expect(state.isTyping && state.view == .ticks && grid.lines[23].hasPrefix("/q 5"))
    #expect(!screen(Samples.blocking(), ["/"] + typed("q") + [.escape]).state.isTyping)
    #expect(
      screen(Samples.blocking(), ["/"] + typed(String(repeating: "x", count: 5_000))).state.prompt?.text.count == 200)
  }

  @Test func fromAnEffectToItsCauseAndBack() {
    let (state, grid, input) = screen(Samples.blocking(), ["3", "c"])
    #expect(grid.lines[5] == "queryOnTheLoop(_:)" && state.place == .details)
    var there = state
    _ = there.handle("e", input: input, size: size)
    #expect(draw(input, there, size: size).lines[5].hasPrefix("Loop 1 did not reach its poll"))
    for _ in 0..<2 { _ = there.handle(.escape, input: input, size: size) }
    #expect(there.place == .list && there.view == .stalls)
    let (_, operation, _) = screen(Samples.stalledChain(), ["4", "c"])
    #expect(operation.lines[5].hasPrefix("deferred fetch(retrying:)"))
    let (_, chain, _) = screen(Samples.stalledChain(), ["4", "c", "e"])
    #expect(chain.lines[5] == "GET /users/7  stalled")
  }

  @Test func aFindingOpensToItsAdvice() throws {
    try expect(screen(Samples.blocking(), ["6"]).grid, is: "findings")
    try expect(screen(Samples.blocking(), ["6", .enter]).grid, is: "finding-details")
    try expect(screen(Samples.stalledChain(), ["4", "c"]).grid, is: "operation-details")
    try expect(screen(Samples.healthy(), ["6"]).grid, is: "findings-none")
  }

  @Test func goingFromThingToThingForeverCostsNothing() {
    let (state, _, _) = screen(
      Samples.blocking(), ["3", "c"] + Array(repeating: ["e", "c"], count: 500).flatMap { $0 })
    #expect(state.trail.count <= 65)
  }

  @Test func whatIsSeenCanBeCopiedAndWritten() {
    let input = Samples.input(Samples.blocking(), source: .replay)
    var state = ScreenState()
    _ = state.handle("2", input: input, size: size)
    guard case .copy(let row)? = state.handle("y", input: input, size: size) else { return #expect(Bool(false)) }
    #expect(row.hasPrefix("! queryOnTheLoop(_:)"))
    guard case .write(let lines)? = state.handle("w", input: input, size: size) else { return #expect(Bool(false)) }
    #expect(lines == draw(input, state, size: size).lines)
  }

  // MARK: The mouse

  private func clicked(_ pointers: Pointer..., on report: Report = Samples.blocking()) -> (ScreenState, ScreenInput) {
    let input = Samples.input(report, source: .replay)
    var state = ScreenState()
    for pointer in pointers { _ = state.handle(pointer, input: input, size: size) }
    return (state, input)
  }

  @Test func aClickOnATabShowsItsView() {
    let tabs = draw(Samples.input(Samples.blocking()), ScreenState(), size: size).lines[4]
    let x = tabs.distance(from: tabs.startIndex, to: tabs.ranges(of: "5 Loop")[0].lowerBound)
    #expect(clicked(.press(x: x, y: 4)).0.view == .loop)
    #expect(clicked(.press(x: 79, y: 4)).0.view == .help || clicked(.press(x: 79, y: 4)).0.view == .ticks)
  }

  @Test func aClickSelectsARowAndTheNextOpensIt() {
    let (once, input) = clicked(.press(x: 10, y: 15))
    #expect(once.selected(input) == input.report.sites[1].thing && once.place == .list)
    #expect(clicked(.press(x: 10, y: 15), .release(x: 10, y: 15), .press(x: 10, y: 15)).0.place == .details)
    #expect(clicked(.wheelDown(x: 0, y: 20)).0.selected(input) == input.report.sites[1].thing)
  }

  @Test func aClickOnATitleSortsByItAndTheNextTurnsItRound() {
    let titles = draw(Samples.input(Samples.blocking()), ScreenState(), size: size).lines[13]
    let x = titles.distance(from: titles.startIndex, to: titles.ranges(of: "count")[0].lowerBound)
    let (state, input) = clicked(.press(x: x, y: 13), .release(x: x, y: 13))
    let byCount = input.report.sites.sorted { $0.count > $1.count }.map(\.thing)
    #expect(state.things(.callbacks, input) == byCount)
    #expect(clicked(.press(x: x, y: 13), .press(x: x, y: 13)).0.things(.callbacks, input) == byCount.reversed())
    #expect(clicked(.press(x: x, y: 13), .press(x: 0, y: 13)).0.lists[.callbacks]?.sort == nil)
  }

  @Test func harmOfWhichNotAllIsCertainIsSaidToBeAtMostSo() {
    #expect(harmWords(.milliseconds(209), upTo: .milliseconds(6_600), .unicode) == "≤6.60 s")
    #expect(harmWords(.zero, upTo: .milliseconds(9), .ascii) == "<9.00 ms")
    #expect(harmWords(.milliseconds(9), upTo: .milliseconds(9), .unicode) == "9.00 ms")
    // What differs by less than can be seen is the same.
    #expect(harmWords(.milliseconds(9), upTo: Nanoseconds(9_000_400), .unicode) == "9.00 ms")
    #expect(harmWords(.zero, upTo: .zero, .unicode) == "")
  }

  @Test func listsAreSortedByTheHarmThatStandsInThem() {
    #expect(harmKey(.zero, upTo: .seconds(9)) < harmKey(.milliseconds(1), upTo: .milliseconds(1)))
    #expect(harmKey(.zero, upTo: .seconds(1)) < harmKey(.zero, upTo: .zero))
  }

  @Test func whatIsDrawnOverOnTheTimelineIsAllThatIsShown() {
    let (state, _) = clicked(.press(x: 16, y: 7), .release(x: 25, y: 9))
    #expect(state.range == Samples.at(2_000)...Samples.at(4_000) && state.time.cursor == nil)
    #expect(clicked(.press(x: 16, y: 7), .release(x: 16, y: 7)).0.time.zoom == nil)
    #expect(clicked(.wheelUp(x: 16, y: 7)).0.time.zoom == .milliseconds(100))
  }

  @Test func aClickBesideEverythingDoesNothing() {
    for pointer in [Pointer.press(x: -1, y: -1), .press(x: 500, y: 500), .release(x: 3, y: 3), .press(x: 0, y: 23)] {
      #expect(clicked(pointer).0 == ScreenState())
    }
  }
}
