import Testing
import Trace

@testable import Analysis

/// The waterfall of the report's first chain, with that chain.
private func waterfall(_ events: String, at now: Double? = nil) throws -> (chain: ChainReport, Waterfall) {
  let (definitions, batches) = try parse(events)
  var analyzer = Analyzer(telling: [.callbacks, .operations])
  var told: [Occurrence] = []
  for batch in batches {
    analyzer.consume(batch, definitions: definitions)
    told += analyzer.takeOccurrences()
  }
  let now = now.map { Instant(Nanoseconds.seconds($0).count) }
  let chain = try #require(analyzer.report(at: now).chainList.first)
  analyzer.tellRest(at: now)
  told += analyzer.takeOccurrences()
  var collector = WaterfallCollector([chain.id])
  for occurrence in told { collector.take(occurrence) }
  return (chain, collector.steps(of: chain.id, definitions).waterfall(of: chain))
}

/// The path in words: what, which step, how many milliseconds.
private func words(_ waterfall: Waterfall) -> [String] {
  waterfall.criticalPath.map { segment in
    let time = "\(segment.length.count / 1_000_000)"
    return switch segment.state {
    case .ran(let step): "ran \(step): \(time)"
    case .queued(let step): "queued \(step.map(String.init) ?? "?"): \(time)"
    case .waited(let operation): "waited \(operation.map { "\($0.kind) \($0.site.function)" } ?? "?"): \(time)"
    }
  }
}

@Suite struct `A waterfall` {
  /// A request that asks a thread, whose answer fires a Deferred on which a step hangs; another chain is in the way.
  private let request = """
    1 1.000 loop-begin
    1 1.000 created op=90 kind=listener site=1 standing
    1 1.000 poll-return ready=1
    1 1.000 begin span=1 site=1 kind=io trigger=poll op=90 starts-chain
    1 1.002 created op=3 kind=thread site=2 chain=1 by=1
    1 1.003 created op=4 kind=deferred site=4 chain=1 by=1
    1 1.010 end span=1
    1 1.010 poll-enter
    1 1.100 poll-return ready=2
    1 1.100 queued op=3 at=1.090 kind=thread trigger=thread chain=1 site=2
    1 1.100 begin span=20 site=4 kind=io trigger=poll op=91 starts-chain
    1 1.130 end span=20
    1 1.130 begin span=5 site=2 kind=thread trigger=thread op=3
    1 1.135 settled op=3 outcome=success
    1 1.136 settled op=4 outcome=success
    1 1.137 queued op=4 at=1.137 kind=deferred trigger=callback chain=1 site=3 by=5
    1 1.140 end span=5
    1 1.145 begin span=6 site=3 kind=deferred trigger=callback op=4
    1 1.147 begin span=7 site=4 kind=deferred trigger=callback op=4
    1 1.151 end span=7
    1 1.155 end span=6
    1 1.155 poll-enter
    1 2.000 loop-end
    """

  @Test func `names who made each step ready, and who made it at all`() throws {
    let (_, waterfall) = try waterfall(request)
    #expect(waterfall.steps.map(\.site.function) == ["accept(_:)", "query(_:)", "render(_:)", "retry(_:)"])
    #expect(waterfall.steps.map(\.trigger) == [.poll, .thread, .callback, .callback])
    #expect(waterfall.steps.map(\.triggeredBy?.step) == [nil, nil, 1, 2])
    #expect(waterfall.steps.map(\.createdBy?.step) == [nil, 0, 0, 0])
    #expect(waterfall.steps.map(\.depth) == [0, 0, 0, 1])
    #expect(!waterfall.isCut)
  }

  @Test func `has the path that made the chain so long, without remainder`() throws {
    let (chain, waterfall) = try waterfall(request)
    #expect(chain.duration == .milliseconds(155))
    #expect(
      words(waterfall) == [
        "ran 0: 2", "waited thread query(_:): 88", "queued 1: 40", "ran 1: 7", "queued 2: 8", "ran 2: 2", "ran 3: 4",
        "ran 2: 4",
      ])
    #expect(waterfall.criticalPath.reduce(.zero) { $0 + $1.length } == chain.duration)
    #expect(waterfall.steps.map(\.isCritical) == [true, true, true, true])
  }

  @Test func `leaves out of the path what nobody waited for`() throws {
    let (chain, waterfall) = try waterfall(
      """
      1 1.000 poll-return ready=1
      1 1.000 begin span=1 site=1 kind=io trigger=poll starts-chain
      1 1.001 created op=2 kind=timer site=2 chain=1 by=1 due=1.050
      1 1.002 created op=3 kind=timer site=3 chain=1 by=1 due=1.200
      1 1.003 end span=1
      1 1.003 poll-enter
      1 1.050 poll-return ready=0
      1 1.050 settled op=2 outcome=success
      1 1.050 begin span=5 site=2 kind=timer trigger=timer op=2
      1 1.060 end span=5
      1 1.060 poll-enter
      1 1.210 poll-return ready=0
      1 1.210 settled op=3 outcome=success
      1 1.210 begin span=6 site=3 kind=timer trigger=timer op=3
      1 1.220 end span=6
      1 1.220 poll-enter
      """)
    #expect(words(waterfall) == ["ran 0: 2", "waited timer render(_:): 198", "queued 2: 10", "ran 2: 10"])
    #expect(waterfall.steps.map(\.isCritical) == [true, false, true])
    #expect(chain.duration == .milliseconds(220))
  }

  @Test func `names another chain's callback that made a step ready`() throws {
    let (_, waterfall) = try waterfall(
      """
      1 1.000 poll-return ready=1
      1 1.000 begin span=1 site=1 kind=io trigger=poll starts-chain
      1 1.000 created op=2 kind=deferred site=2 chain=1 by=1
      1 1.010 end span=1
      1 1.010 poll-enter
      1 1.500 poll-return ready=1
      1 1.500 begin span=3 site=4 kind=io trigger=poll starts-chain
      1 1.501 settled op=2 outcome=success
      1 1.501 begin span=4 site=3 kind=deferred trigger=callback op=2
      1 1.505 end span=4
      1 1.506 end span=3
      1 1.506 poll-enter
      """)
    #expect(waterfall.steps.map(\.triggeredBy?.site.function) == [nil, "retry(_:)"])
    #expect(waterfall.steps[1].triggeredBy?.step == nil)
    #expect(words(waterfall) == ["waited deferred query(_:): 501", "ran 1: 4"])
  }

  @Test func `of a chain in flight ends with what it waits for`() throws {
    let text = """
      1 1.000 poll-return ready=1
      1 1.000 begin span=1 site=1 kind=io trigger=poll starts-chain
      1 1.004 created op=2 kind=deferred site=4 chain=1 by=1
      1 1.010 end span=1
      1 1.010 poll-enter
      """
    #expect(try words(waterfall(text, at: 5).1) == ["ran 0: 4", "waited deferred retry(_:): 3996"])
    let running =
      text + "\n1 1.100 poll-return ready=1\n1 1.100 settled op=2 outcome=success\n1 1.100 begin span=3 site=2 op=2"
    let path = try words(waterfall(running, at: 1.25).1)
    #expect(path == ["ran 0: 4", "waited deferred retry(_:): 96", "ran 1: 150"])
  }

  @Test func `keeps the last of very many steps`() throws {
    let steps = (1...5_000).map { number in
      let time = "1.\(String(number + 100_000).dropFirst())"
      return "1 \(time) begin span=\(number + 100) site=2 kind=timer trigger=timer op=2\n"
        + "1 \(time)5 end span=\(number + 100)\n"
    }.joined()
    let (chain, waterfall) = try waterfall(
      "1 1 begin span=1 site=1 starts-chain\n1 1 created op=2 kind=timer standing chain=1\n"
        + "1 1 created op=3 kind=deferred chain=1\n1 1 end span=1\n" + steps
        + "1 1.06 settled op=3 outcome=success\n1 1.06 poll-enter")
    #expect(waterfall.isCut && waterfall.steps.count == Waterfall.stepLimit)
    #expect(waterfall.steps.last?.id.serial == 5_100)
    #expect(waterfall.criticalPath.reduce(.zero) { $0 + $1.length } == chain.duration)
    #expect(WaterfallReport.lines(chain, waterfall, since: chain.began).contains("  Its last 1,024 steps:"))
  }

  @Test func `is drawn with its path`() throws {
    let (chain, waterfall) = try waterfall(request)
    expectText(
      WaterfallReport.lines(chain, waterfall, since: Instant(1_000_000_000)).joined(separator: "\n"),
      """
      CHAIN 1:1  accept(_:)
        completed after 155 ms from 0 ns on: ran 30.0 ms, queued 45.0 ms, waited
        80.0 ms
        step                                  at      for  ready by  made by
        accept(_:)  1*  =                   0 ns  10.0 ms  poll      –
        query(_:)   2*           ....=    130 ms  10.0 ms  thread    step 1
        render(_:)  3*                ==  145 ms  10.0 ms  step 2    step 1
         retry(_:)  4*                 =  147 ms  4.00 ms  step 3    step 1
        critical path                              for  of it
        ran step 1, accept(_:)                 2.00 ms    1 %
        waited for a thread call of query(_:)  88.0 ms   57 %
        queued for step 2, query(_:)           40.0 ms   26 %
        ran step 2, query(_:)                  7.00 ms    5 %
        queued for step 3, render(_:)          8.00 ms    5 %
        ran step 3, render(_:)                 2.00 ms    1 %
        ran step 4, retry(_:)                  4.00 ms    3 %
        ran step 3, render(_:)                 4.00 ms    3 %
      """)
  }
}

@Suite struct `What a chain waits for` {
  private func chain(_ events: String, at now: Double = 60) throws -> ChainReport {
    try #require(
      report(
        """
        1 1.000 loop-begin
        1 1.000 begin span=1 site=1 kind=io starts-chain
        1 1.000 chain-named chain=2 name="GET /stuck"
        1 1.000 created op=3 kind=deferred site=4 chain=2 by=1
        1 1.000 created op=4 kind=deferred site=2
        1 1.000 watched fd=7 label="db:5432"
        1 1.000 awaits op=3 on=4

        """ + events + "\n1 1.001 end span=1\n1 1.001 poll-enter", at: now
      ).chainList.first)
  }

  private func lines(_ chain: ChainReport) -> String {
    let nothing = Waterfall(chain: chain.id, steps: [], isCut: false, criticalPath: [])
    return WaterfallReport.lines(chain, nothing, since: chain.began).joined(separator: " ")
      .split(separator: " ").joined(separator: " ")
  }

  @Test(arguments: [
    ("kind=read fd=7", "a read of render(_:) (db:5432)", ChainReport.State.waiting),
    ("kind=timer due=99", "a timer of render(_:)", .waiting), ("kind=thread", "a thread call of render(_:)", .waiting),
    ("kind=child", "a child process of render(_:)", .waiting), ("kind=timer due=5", "a timer of render(_:)", .stalled),
    ("kind=deferred", "a Deferred of render(_:)", .stalled),
  ])
  func `is followed from one to the next to the leaf`(
    _ leaf: String, _ words: String, _ state: ChainReport.State
  ) throws {
    let chain = try chain("1 1.000 created op=5 site=3 \(leaf)\n1 1.000 awaits op=4 on=5")
    #expect(chain.state == state && chain.waitingCycle == nil)
    #expect(chain.waitingThrough.map(\.site.function) == ["retry(_:)", "query(_:)", "render(_:)"])
    #expect(chain.waitingThrough.last == chain.waitingOn)
    #expect(
      lines(chain).contains(
        "waits for a Deferred of retry(_:), which waits for a Deferred of query(_:), which waits for \(words)."))
  }

  @Test func `is a circle where the last one waits for one before`() throws {
    let circle = try chain("1 1.000 awaits op=4 on=3")
    #expect(circle.state == .stalled && circle.waitingCycle == 0)
    #expect(circle.waitingThrough.map(\.site.function) == ["retry(_:)", "query(_:)"])
    #expect(
      lines(circle).contains(
        "which waits for a Deferred of query(_:), which waits for the Deferred of retry(_:) again: a circle."))
    // One that only leads into it.
    let lasso = try chain(
      "1 1.000 created op=5 kind=deferred site=3\n1 1.000 awaits op=4 on=5\n1 1.000 awaits op=5 on=4")
    #expect(lasso.waitingThrough.map(\.site.function) == ["retry(_:)", "query(_:)", "render(_:)"])
    #expect(lasso.waitingCycle == 1)
    let alone = try chain("1 1.000 awaits op=4 on=4")
    #expect(alone.waitingThrough.map(\.site.function) == ["retry(_:)", "query(_:)"] && alone.waitingCycle == 1)
  }

  @Test func `is a circle of two chains, and that is one finding`() throws {
    let report = try report(
      """
      1 1.000 loop-begin
      1 1.000 begin span=1 site=1 kind=io starts-chain
      1 1.000 created op=3 kind=deferred site=4 chain=1 by=1
      1 1.001 end span=1
      1 1.001 begin span=4 site=1 kind=io starts-chain
      1 1.001 created op=5 kind=deferred site=2 chain=4 by=4
      1 1.001 awaits op=5 on=3
      1 1.001 awaits op=3 on=5
      1 1.002 end span=4
      1 1.002 poll-enter
      """, at: 60)
    #expect(report.chainList.map(\.state) == [.stalled, .stalled])
    #expect(report.chainList.map(\.waitingCycle) == [0, 0])
    #expect(report.findings.filter { $0.severity > .info }.map(\.id) == ["waiting-cycle"])
  }
}
