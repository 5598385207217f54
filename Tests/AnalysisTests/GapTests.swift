import Testing
import Trace

@testable import Analysis

@Suite struct `Starting in the middle` {
  @Test func `a checkpoint tells what there was, and nothing contradicts`() throws {
    let report = try report(
      """
      1 100.0 checkpoint
        op created=40 op=1 kind=listener site=1 fd=3 standing
        op created=50 op=2 kind=deferred site=4 chain=9
        op created=60 op=3 kind=thread site=2 chain=10
        span began=99.5 span=4 site=3 kind=thread op=3
        chain chain=9 named=45 name="GET /old"
        chain chain=11 named=99 name="GET /later"
        fd fd=3 label="127.0.0.1:80"
      1 100.1 created op=20 kind=thread chain=11
      1 100.2 end span=4
      1 100.2 settled op=3 outcome=success
      # From before, and not in the live table.
      1 100.2 settled op=5 outcome=success
      1 100.2 end span=6
      1 100.3 poll-enter
      """, at: 110)
    #expect(report.anomalies.isEmpty)
    #expect(report.operations.created == 4 && report.operations.pending == 3)
    #expect(report.sites.map(\.site.function) == ["render(_:)"])
    #expect(report.sites[0].total == .milliseconds(700))
    #expect(report.chains == ChainCounts(completed: 1, failed: 0, inFlight: 2, waiting: 1, stalled: 1))
    #expect(report.chainList.map(\.name) == ["GET /old", "GET /later", nil])
    #expect(report.chainList[0].began == Instant(45_000_000_000))
    #expect(report.loops[0].busy == .milliseconds(300), "busy is what was seen")
  }

  @Test func `a checkpoint that was read late brings nothing back`() throws {
    let report = try report(
      """
      1 1 created op=10 kind=deferred
      1 2 settled op=10 outcome=success
      1 2 settled op=9 outcome=success
      1 3 poll-enter
      1 3 checkpoint
        op created=0.5 op=9 kind=deferred
        op created=2 op=10 kind=deferred
      1 4 checkpoint
        op created=0.6 op=8 kind=deferred
      """)
    #expect(report.operations.pending == 0)
  }
}

@Suite struct Gaps {
  @Test func `are neither busy nor idle, and are told`() throws {
    let report = try report(
      """
      1 1 loop-begin
      1 1 poll-enter
      1 2 poll-return ready=1
      1 2.010 gap from=2.010 to=5 events=12 reason=overwritten
      1 6 poll-enter
      1 7 poll-return ready=0
      1 7 poll-enter
      1 7 loop-end
      """)
    #expect(report.loops[0].busy == .milliseconds(10))
    #expect(report.loops[0].idle == .milliseconds(2_000))
    #expect(report.loops[0].ticks == 1, "of the pass that the gap cut, nobody knows the end")
    #expect(report.trace.gaps.map(\.gap.events) == [12])
    #expect(!report.trace.complete)
    #expect(report.stalls.isEmpty)
    #expect(report.anomalies.isEmpty)
  }

  @Test func `end the spans that nothing is heard of again, and not those that outlive them`() throws {
    let open = """
      1 1 poll-return ready=1
      1 1 begin span=1 site=1 kind=io
      1 2 begin span=2 site=2 kind=ready
      1 3 gap from=3 to=5 reason=overwritten

      """
    let ended = try report(open + "1 6 end span=1\n1 6 poll-enter\n")
    #expect(ended.sites.map(\.total) == [.seconds(5), .seconds(1)])
    #expect(ended.anomalies.isEmpty)

    let polled = try report(open + "1 6 poll-enter\n")
    #expect(polled.sites.map(\.total) == [.seconds(2), .seconds(1)])

    let listed = try report(open + "1 5 checkpoint\n  span began=1 span=1 site=1 kind=io\n1 6 end span=1\n")
    #expect(listed.sites.map(\.total) == [.seconds(5), .seconds(1)])

    let silent = try report(open + "1 5 begin span=9 site=3 kind=io\n1 6 end span=9\n1 7 end span=1\n")
    #expect(silent.sites.map(\.total) == [.seconds(2), .seconds(1), .seconds(1)])
    #expect(silent.anomalies.isEmpty)
  }

  @Test func `leave nothing in the ready queue for ever`() throws {
    let text = """
      1 1 loop-begin
      1 1 begin span=1 site=1 starts-chain
      1 1 queued op=2 at=1 kind=ready trigger=callback chain=1
      1 1 end span=1
      """
    #expect(try report(text).chains.inFlight == 1)
    #expect(try report(text + "\n1 2 gap from=1 to=2 reason=overwritten\n1 3 poll-enter").chains.completed == 1)
    #expect(try report(text + "\n1 2 loop-end").chains.completed == 1)
  }

  @Test func `end what the checkpoint after them no longer lists`() throws {
    let report = try report(
      """
      1 1 loop-begin
      1 1 created op=1 kind=deferred site=4 chain=7
      1 1 created op=2 kind=deferred site=4 chain=8
      1 2 gap from=2 to=3 reason=overwritten
      1 3 checkpoint
        op created=1 op=2 kind=deferred site=4 chain=8
        op created=2.5 op=3 kind=deferred site=4 chain=9
      1 4 poll-enter
      """, at: 10)
    #expect(report.operations.pending == 2)
    #expect(report.operations.created == 3)
    #expect(report.chains.inFlight == 2 && report.chains.completed == 1)
  }
}

@Suite struct Anomalies {
  @Test(arguments: [
    ("1 1 loop-begin\n1 1 end span=9", Anomaly.endWithoutBegin),
    ("1 1 begin span=1\n1 1 begin span=2\n1 1 end span=1", .crossedSpans),
    ("1 1 begin span=1\n1 1 poll-enter", .openSpanAtPoll),
    ("1 1 loop-begin\n1 1 settled op=9 outcome=success", .settledUnknown),
    // What was taken to be is no second contradiction.
    ("1 1 loop-begin\n1 1 begin span=1\n1 1 begin span=2\n1 1 end span=1\n1 1 end span=2", .crossedSpans),
    ("1 1 loop-begin\n1 1 begin span=1\n1 1 poll-enter\n1 1 poll-return ready=0\n1 1 end span=1", .openSpanAtPoll),
    (
      "1 1 begin span=1\n1 1 created op=2 kind=timer\n1 1 settled op=2 outcome=success\n1 1 settled op=2 outcome=failure",
      .settledTwice
    ),
    ("1 1 poll-enter\n1 2 poll-enter", .pollOutOfTurn),
    ("1 1 poll-return ready=1\n1 2 poll-return ready=1", .pollOutOfTurn),
    ("1 1 loop-begin\n1 1 begin span=1\n1 1 queued op=3 at=1 kind=ready trigger=callback by=2", .unknownCreator),
    ("1 1 created op=1 kind=timer\n1 1 created op=1 kind=timer", .createdTwice),
    ("1 2 loop-begin\n1 1 poll-enter", .timeWentBack),
    ("1 1 loop-begin\n1 1 created op=3 kind=timer by=2", .unknownCreator),
  ])
  func `are counted and survived`(events: String, anomaly: Anomaly) throws {
    let report = try report(events)
    #expect(report.anomalies == [anomaly: 1])
    #expect(
      TextReport.render(report).contains("ANOMALIES  the trace contradicts itself\n  \(anomaly.rawValue), once: "))
    #expect(JSONReport.render(report, path: nil).contains("\"sentence\": \"\(anomaly.sentence)\", \"count\": 1}"))
  }

  @Test func `leave nothing that was not so: who registered a callback and never was is nobody`() throws {
    let (definitions, batches) = try parse(
      """
      1 1 loop-begin
      1 1 begin span=1 site=1
      1 1 created op=3 kind=timer site=2 by=2
      1 1 queued op=4 at=1 kind=ready trigger=callback site=2 by=2
      1 1 end span=1
      1 2 begin span=5 site=2 op=3
      1 2 end span=5
      1 2 begin span=6 site=2 op=4
      1 2 end span=6
      """)
    var analyzer = Analyzer(telling: [.callbacks, .operations, .registrations])
    for batch in batches { analyzer.consume(batch, definitions: definitions) }
    analyzer.tellRest(at: nil)
    for occurrence in analyzer.takeOccurrences() {
      switch occurrence {
      case .ended(let callback): #expect(callback.creator == nil)
      case .operation(let operation): #expect(operation.creator == nil)
      case .registered: Issue.record("registered by a span that never was")
      default: break
      }
    }
    #expect(analyzer.report(at: nil).anomalies == [.unknownCreator: 2])
  }
}
