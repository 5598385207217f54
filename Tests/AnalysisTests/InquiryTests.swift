import Testing
import Trace

@testable import Analysis

@Suite("Looking into one thing") struct InquiryTests {
  private static let accept = Site(function: "accept(_:)", file: "Server.swift", line: 10)
  private static let query = Site(function: "query(_:)", file: "Users.swift", line: 42)
  private static let render = Site(function: "render(_:)", file: "Users.swift", line: 57)

  /// A query of chain 3 makes the callback of chain 13 wait for a hundred milliseconds, and one of its own for as long.
  private static let text = """
    looptop-text 1
    process 1 pid=4711 started=99 command="server" runtime="looptop-reactor 1"
    loop 1 process=1 name="main" thread=4711 poll=epoll
    site 1 "accept(_:)" "Server.swift" 10
    site 2 "query(_:)" "Users.swift" 42
    site 3 "render(_:)" "Users.swift" 57

    1 1.000000 loop-begin
    1 1.000100 created op=1 kind=listener site=1 fd=5 standing
    1 1.000200 poll-enter
    1 2.000000 poll-return ready=2
    1 2.000000 begin span=2 kind=io trigger=poll site=1 op=1 starts-chain
    1 2.000100 queued op=4 at=2.000100 kind=ready trigger=callback site=2 chain=2 by=2
    1 2.000200 queued op=5 at=2.000200 kind=ready trigger=callback site=3 chain=2 by=2
    1 2.001000 end span=2
    1 2.001000 begin span=12 kind=io trigger=poll site=1 op=1 starts-chain
    1 2.001100 queued op=14 at=2.001100 kind=ready trigger=callback site=3 chain=12 by=12
    1 2.002000 end span=12
    1 2.002000 begin span=22 kind=ready trigger=callback site=2 op=4
    1 2.003000 created op=30 kind=deferred site=2 chain=2 by=22
    1 2.003000 awaits op=30 on=31
    1 2.003000 awaits op=31 on=32
    1 2.102000 end span=22
    1 2.102000 begin span=23 kind=ready trigger=callback site=3 op=5
    1 2.103000 end span=23
    1 2.103000 begin span=24 kind=ready trigger=callback site=3 op=14
    1 2.104000 end span=24
    1 2.104100 poll-enter

    """

  private let run = Inquiry.Run(
    loop: LoopID(1), from: Instant(2_002_000_000), to: Instant(2_102_000_000))

  private func answer(_ subject: Inquiry.Subject) throws -> Inquiry.Answer {
    let (definitions, batches) = try TraceText.parse(Self.text)
    var inquiry = Inquiry(about: subject)
    for batch in batches { inquiry.consume(batch, definitions: definitions) }
    return inquiry.answer
  }

  @Test func `a site is scheduled by callbacks, and by what made it ready`() throws {
    let answer = try answer(.site(Self.query, .ready, runs: [run]))
    #expect(answer.scheduling.map(\.way.creator) == [Self.accept])
    #expect(answer.scheduling.map(\.way.trigger) == [.callback] && answer.scheduling.map(\.count) == [1])
  }

  @Test func `its victims are those of other chains that waited while it ran`() throws {
    for subject in [Inquiry.Subject.site(Self.query, .ready, runs: [run]), .stall(Self.query, .ready, run)] {
      let answer = try answer(subject)
      #expect(answer.victims.map(\.site) == [Self.render] && answer.victimCount == 1)
      #expect(answer.victims.map(\.certain) == [.milliseconds(100)])
      #expect(answer.victims.map(\.began) == [Instant(2_103_000_000)])
    }
  }

  @Test func `the blame of a chain adds up to its waits`() throws {
    let chain = try #require(try chains().first { $0.waits == .microseconds(101_000) })
    let answer = try answer(
      .chain(chain.id, Inquiry.Run(loop: LoopID(1), from: Instant(0), to: Instant(3_000_000_000))))
    let blamed = answer.blame.reduce(Nanoseconds.zero) { $0 + $1.time }
    #expect(blamed == answer.waits.reduce(.zero) { $0 + $1.delay })
    #expect(blamed == .microseconds(102_900))
    #expect(answer.blame.first?.site == Self.query && answer.blame.first?.time == .milliseconds(100))
  }

  @Test func `a chain's steps are known with who made them ready, and those that are open go on`() throws {
    let whole = Inquiry.Run(loop: LoopID(1), from: Instant(0), to: Instant(3_000_000_000))
    let id = ChainID(LoopID(1), 2)
    var chain = try #require(try reports().first { $0.id == id })
    let steps = try #require(try answer(.chain(id, whole)).steps)
    let waterfall = steps.waterfall(of: chain)
    #expect(waterfall.steps.map(\.site) == [Self.accept, Self.query, Self.render])
    #expect(waterfall.steps.map(\.triggeredBy?.step) == [nil, 0, 0])
    #expect(waterfall.criticalPath.reduce(.zero) { $0 + $1.length } == chain.duration)
    // It grows older, and with it what it waits for.
    chain.duration = chain.duration + .seconds(5)
    let later = steps.waterfall(of: chain).criticalPath
    #expect(later.reduce(.zero) { $0 + $1.length } == chain.duration)
    #expect(later.last.map { $0.length - waterfall.criticalPath.last!.length } == .seconds(5))
  }

  /// The chains with how long they were queued.
  private func chains() throws -> [(id: ChainID, waits: Nanoseconds)] {
    try reports().map { ($0.id, $0.queued) }
  }

  private func reports() throws -> [ChainReport] {
    let (definitions, batches) = try TraceText.parse(Self.text)
    var analyzer = Analyzer()
    for batch in batches { analyzer.consume(batch, definitions: definitions) }
    return analyzer.report(at: nil).chainList
  }

  @Test func `an operation was created within a callback and settles after others`() throws {
    let id = OperationID(LoopID(1), 30)
    let answer = try answer(.operation(id, created: Instant(2_003_000_000)))
    #expect(answer.creator == Self.query)
    #expect(answer.awaits == [OperationID(LoopID(1), 31), OperationID(LoopID(1), 32)])
  }

  @Test func `what waits for a run is looked for beyond its end, but not far`() {
    let long = Inquiry.Run(loop: LoopID(1), from: Instant(0), to: Instant(60_000_000_000))
    #expect(Inquiry(about: .stall(Self.query, .ready, long)).intervals == [Instant(0)...Instant(61_010_000_000)])
    #expect(Inquiry.Run(loop: LoopID(1), from: Instant(9), to: Instant(3)).to == Instant(9))
  }
}
