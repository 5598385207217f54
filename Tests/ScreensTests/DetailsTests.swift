import Analysis
import Testing
import Trace

@testable import Screens

@Suite("All that is known of a thing") struct DetailsTests {
  private let screen: TracedScreen

  init() throws { screen = try TracedScreen(TracedScreen.crowd) }

  private func after(_ keys: Key...) -> TracedScreen {
    var screen = screen
    for key in keys { screen.press(key) }
    return screen
  }

  @Test func aSiteShowsItsDurationsItsSchedulersAndItsVictims() throws {
    let top = after("2", .enter)
    try expect(top.grid, is: "site-details")
    try expect(after("2", .enter, .end).grid, is: "site-details-below")
  }

  @Test func aStallShowsWhoWaited() throws {
    try expect(after("3", .enter, .end).grid, is: "stall-victims")
  }

  @Test func aChainShowsWhoseFaultItsWaitsWere() throws {
    var screen = after("4", "f")
    screen.type("chain:b")
    screen.press(.enter, .enter)
    try expect(screen.grid, is: "chain-blame")
  }

  @Test func aChainShowsWhoMadeItsStepsHappenAndWhatMadeItLong() throws {
    var screen = try TracedScreen(TracedScreen.server)
    screen.press("4", .enter)
    try expect(screen.grid, is: "chain-waterfall")
    screen.size = Size(width: 120, height: 40)
    try expect(screen.grid, is: "chain-waterfall-120x40")
    screen.glyphs = .ascii
    #expect(screen.grid.cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
  }

  @Test func aChainThatWaitsInACircleSaysSo() {
    var report = Samples.stalledChain()
    let leaf = report.chainList[0].waitingOn!
    var own = leaf
    own.site.function = "compose(_:)"
    (report.chainList[0].waitingThrough, report.chainList[0].waitingCycle) = ([own, leaf], 0)
    var state = ScreenState()
    let input = Samples.input(report)
    for key: Key in ["4", .enter] { _ = state.handle(key, input: input, size: Samples.terminal) }
    let lines = draw(input, state, size: Samples.terminal).lines
    #expect(lines.contains("  through     deferred compose(_:) Retry.swift:31"))
    #expect(lines.contains("  in a circle it waits for deferred compose(_:) Retry.swift:31 in turn"))
  }

  @Test func aChainsPathLeadsToWhereItWentOn() throws {
    var screen = try TracedScreen(TracedScreen.server)
    screen.press("4", .enter)
    let lines = try #require(screen.state.details(screen.input))
    let queued = try #require(lines.firstIndex { $0.line.map(\.text).joined().contains("queued for step 4") })
    for _ in lines[..<queued].filter({ $0.target != nil }) { screen.press(.down) }
    screen.press(.enter)
    // It stood in the queue from there on, while another of its steps ran.
    #expect(screen.state.view == .loop && screen.grid.lines[5].contains("at 0:00.020500"))
  }

  @Test func whileItIsLookedForAChainHasTheStepsThatTheReportKnows() throws {
    var screen = try TracedScreen(TracedScreen.server)
    screen.press("4", .enter)
    var input = screen.input
    (input.answer, input.looking) = (nil, 0.4)
    let lines = draw(input, screen.state, size: screen.size).lines
    #expect(lines.contains { $0.contains("query(_:)") } && lines.contains("  looking through the trace 40 %"))
  }

  @Test func anOperationShowsWithinWhichCallbackItWasCreated() throws {
    try expect(after("4", "c").grid, is: "operation-of-a-trace")
  }

  @Test func aTickIsDrawnToScale() throws {
    var screen = after("3", .enter, .down)
    screen.press(.enter)
    try expect(screen.grid, is: "tick-to-scale")
  }

  @Test func aTickThatIsTooDenseToBeListedLeadsToItsCallbacksBySite() throws {
    var screen = after("3", .enter, .down)
    screen.press(.enter)
    var input = screen.input
    input.window = nil
    let targets = try #require(screen.state.details(input)).compactMap(\.target)
    guard case .range(let range)? = targets.first else { return #expect(Bool(false), "\(targets)") }
    #expect(targets.count == 1 && range.upperBound - range.lowerBound == .microseconds(126_500))
  }

  @Test func inASCIINothingElseIsDrawn() throws {
    var screen = screen
    screen.glyphs = .ascii
    screen.press("2", .enter)
    try expect(screen.grid, is: "site-details-ascii")
    #expect(screen.grid.cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
  }

  @Test func whileItIsLookedForThatIsSaid() {
    var input = after("2", .enter).input
    (input.answer, input.looking) = (nil, 0.4)
    let lines = draw(input, after("2", .enter, .end).state, size: Samples.terminal).lines
    #expect(lines.contains("  looking through the trace 40 %"))
  }

  @Test(
    arguments: [
      [(1, 1)], [(1, 5), (9_000_000_000_000_000_000, 1)], [(0, 3)], [(1_000, 4), (1_001, 2)],
      [(500, 1), (80_000_000, 9)],
    ] as [[(Int64, UInt64)]])
  func aHistogramFitsWhateverItIsGiven(_ counts: [(Int64, UInt64)]) {
    for width in [8, 78, 400] {
      let histogram = Histogram(
        counts.map { DurationCount(length: Nanoseconds($0.0), count: $0.1) }, width: width, glyphs: .unicode)
      #expect(histogram.lines.count == Histogram.height + 1)
      let widths = histogram.lines.dropLast().map { $0.reduce(0) { $0 + $1.text.unicodeScalars.count } }
      #expect(widths.allSatisfy { $0 <= max(17, min(width, 110)) }, "\(widths)")
      let marked = histogram.lines[Histogram.height - 1].dropFirst().map(\.text).joined()
      #expect(marked.contains { $0 != " " })
    }
  }
}

extension TracedScreen {
  /// A loop on which a query of one request makes two others wait, one of them for an answer that never comes.
  static let crowd = """
    looptop-text 1
    process 1 pid=4711 started=99 command="server --port 80" runtime="looptop-reactor 1"
    loop 1 process=1 name="main" thread=4711 poll=epoll
    site 1 "accept(_:)" "Server/Server.swift" 10
    site 2 "query(_:)" "Server/Users.swift" 42
    site 3 "render(_:)" "Server/Users.swift" 57
    site 4 "fetch(_:)" "Server/Fetch.swift" 7

    1 10.000000 loop-begin
    1 10.000100 created op=2 kind=listener site=1 fd=5 standing
    1 10.000400 poll-enter
    1 10.010000 poll-return ready=3
    1 10.010000 begin span=7 kind=io trigger=poll site=1 op=2 starts-chain
    1 10.010100 chain-named chain=8 name="a"
    1 10.010200 queued op=10 at=10.010200 kind=ready trigger=callback site=2 chain=8 by=7
    1 10.011000 end span=7
    1 10.011000 begin span=17 kind=io trigger=poll site=1 op=2 starts-chain
    1 10.011100 chain-named chain=18 name="b"
    1 10.011200 queued op=20 at=10.011200 kind=ready trigger=callback site=3 chain=18 by=17
    1 10.012000 end span=17
    1 10.012000 begin span=27 kind=io trigger=poll site=1 op=2 starts-chain
    1 10.012100 chain-named chain=28 name="c"
    1 10.012200 queued op=30 at=10.012200 kind=ready trigger=callback site=4 chain=28 by=27
    1 10.013000 end span=27
    1 10.013000 begin span=37 kind=ready trigger=callback site=2 op=10
    1 10.133000 end span=37
    1 10.133000 begin span=47 kind=ready trigger=callback site=3 op=20
    1 10.135000 end span=47
    1 10.135000 begin span=57 kind=ready trigger=callback site=4 op=30
    1 10.135500 created op=60 kind=deferred site=4 chain=28 by=57
    1 10.136000 end span=57
    1 10.136500 poll-enter
    1 14.000000 poll-return ready=0
    1 14.000100 loop-end

    """
}
