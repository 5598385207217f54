import Testing
import Trace

@testable import Analysis

@Suite struct Operations {
  @Test func `are counted by how they end, standing ones among the pending`() throws {
    let report = try report(
      """
      1 1 loop-begin
      1 1 created op=1 kind=listener standing
      1 1 created op=2 kind=deferred
      1 1 created op=3 kind=deferred
      1 1 created op=4 kind=timer due=9
      1 1 created op=5 kind=thread
      1 1 created op=6 kind=read
      1 1 settled op=2 outcome=success
      1 1 settled op=3 outcome=failure text="no"
      1 1 settled op=4 outcome=cancelled
      1 1 settled op=5 outcome=dropped
      """)
    #expect(
      report.operations
        == OperationCounts(created: 6, succeeded: 1, failed: 1, cancelled: 1, dropped: 1, pending: 2))
  }

  @Test func `that are dropped are found by the site that created them`() throws {
    let finding = try #require(
      report(
        """
        1 1 created op=1 kind=deferred site=4
        1 2 settled op=1 outcome=dropped
        1 3 created op=2 kind=deferred site=4
        1 4 settled op=2 outcome=dropped
        # A listener that is closed is no loss.
        1 5 created op=3 kind=listener site=1 standing
        1 5 settled op=3 outcome=dropped
        """
      ).findings.first)
    #expect(finding.id == "dropped-operation")
    #expect(finding.severity == .warning)
    #expect(finding.site.line == 7)
    #expect(finding.moment == Instant(4_000_000_000))
    #expect(
      finding.sentence == "2 operations created by retry(_:) were released unsettled: their callbacks can never run.")
  }

  @Test func `whose failure nobody handled are found long after they are gone, and their chain has failed`() throws {
    let report = try report(
      """
      1 1 poll-return ready=1
      1 1 begin span=1 site=1 kind=io starts-chain
      1 1 created op=2 kind=deferred site=2 chain=1 by=1
      1 1 end span=1
      1 2 poll-enter
      1 3 poll-return ready=1
      1 3 settled op=2 outcome=failure text="no such table"
      1 3 begin span=3 site=3 kind=deferred op=2
      1 3 end span=3 threw
      1 4 poll-enter
      1 5 unhandled op=2 text="no such table:\\n users"
      1 6 unhandled op=2 text="no such table:\\n users"
      """)
    #expect(report.chains == ChainCounts(completed: 0, failed: 1, inFlight: 0, waiting: 0, stalled: 0))
    #expect(report.chainList.map(\.state) == [.failed])
    let finding = try #require(report.finding("unhandled-failure"))
    #expect(finding.site.function == "query(_:)")
    #expect(
      finding.sentence
        == "2 failures of what query(_:) created were never handled, the last one: no such table:␊ users")
  }
}

@Suite struct Chains {
  @Test func `begin at a delivery, run through what it registers, and end when nothing is left`() throws {
    let text = """
      1 1.000 loop-begin
      1 1.000 poll-return ready=1
      1 1.000 begin span=1 site=1 kind=io starts-chain
      1 1.001 chain-named chain=2 name="GET /users"
      1 1.002 created op=3 kind=thread site=2 chain=2 by=1
      1 1.003 end span=1
      1 1.004 poll-enter
      1 1.104 poll-return ready=1
      1 1.104 queued op=3 at=1.100 kind=thread trigger=thread chain=2

      """
    let waiting = try report(text)
    #expect(waiting.chainList.map(\.state) == [.queued])

    let report = try report(
      text + """
        1 1.110 settled op=3 outcome=success
        1 1.110 begin span=4 site=2 kind=thread op=3
        1 1.115 begin span=5 site=3 kind=deferred op=6
        1 1.120 end span=5
        1 1.130 end span=4
        1 1.131 poll-enter
        """)
    #expect(report.chains == ChainCounts(completed: 1, failed: 0, inFlight: 0, waiting: 0, stalled: 0))
    let chain = try #require(report.chainList.first)
    #expect(chain.id == ChainID(LoopID(1), 2))
    #expect(chain.name == "GET /users")
    #expect(chain.site.function == "accept(_:)")
    #expect(chain.state == .completed)
    #expect(chain.duration == .milliseconds(130))
    #expect(chain.running == .milliseconds(23))
    #expect(chain.steps.map(\.site.function) == ["accept(_:)", "query(_:)", "render(_:)"])
    #expect(chain.steps.map(\.duration) == [3, 20, 5].map(Nanoseconds.milliseconds))
    #expect(chain.steps.map(\.depth) == [0, 0, 1])
  }

  @Test func `named one after the other in one delivery are two, and no nameless one is counted`() throws {
    let report = try report(
      """
      1 1.000 poll-return ready=1
      1 1.000 begin span=1 site=1 kind=io starts-chain
      1 1.000 created op=10 kind=deferred chain=1 by=1
      1 1.010 chain-named chain=2 name="first"
      1 1.010 created op=11 kind=thread chain=2 by=1
      1 1.020 chain-named chain=3 name="second"
      1 1.020 created op=12 kind=thread chain=3 by=1
      1 1.030 end span=1
      1 1.030 poll-enter
      """)
    #expect(report.chains.inFlight == 2 && report.chains.completed == 0)
    #expect(report.chainList.map(\.name) == ["first", "second"])
    #expect(report.chainList.map(\.running) == [.milliseconds(20), .milliseconds(10)])
    #expect(report.chainList.map(\.waitingOn?.id) == [OperationID(LoopID(1), 11), OperationID(LoopID(1), 12)])
  }

  @Test func `live on while the callbacks of what has settled still have to run`() throws {
    let report = try report(
      """
      1 1.000 poll-return ready=1
      1 1.000 begin span=1 site=1 kind=io starts-chain
      1 1.000 created op=2 kind=deferred chain=1 by=1
      1 1.000 end span=1
      # Another chain's callback fires it.
      1 1.001 begin span=3 site=2 kind=io starts-chain
      1 1.002 settled op=2 outcome=success
      1 1.002 begin span=4 site=3 kind=deferred op=2 trigger=callback
      1 1.003 end span=4
      1 1.004 end span=3
      1 1.005 poll-enter
      """)
    #expect(report.chains.completed == 2)
    let chain = try #require(report.chainList.first { $0.id == ChainID(LoopID(1), 1) })
    #expect(chain.steps.map(\.site.function) == ["accept(_:)", "render(_:)"])
  }

  @Test func `keep their last steps`() throws {
    let steps = (1...40).map { "1 \($0) begin span=\($0 + 100) site=2 op=2\n1 \($0).5 end span=\($0 + 100)\n" }.joined()
    let report = try report(
      "1 0 begin span=1 site=1 starts-chain\n1 0 created op=2 kind=deferred chain=1\n1 0 end span=1\n" + steps)
    let chain = try #require(report.chainList.first)
    #expect(chain.steps.count == 32)
    #expect(chain.steps.map(\.began.nanoseconds) == (9...40).map { $0 * 1_000_000_000 })
    #expect(chain.site.function == "accept(_:)")
  }
}

@Suite struct `Stalled chains` {
  /// A request that waits for an operation, and the loop polling on.
  private func request(waitingFor operation: String, then events: String = "") -> String {
    """
    1 1.000 loop-begin
    1 1.000 poll-return ready=1
    1 1.000 begin span=1 site=1 kind=io starts-chain
    1 1.000 chain-named chain=2 name="GET /stuck"
    1 1.000 created op=3 site=4 chain=2 by=1 \(operation)
    1 1.001 end span=1
    1 1.001 poll-enter

    """ + events
  }

  @Test func `wait for what nobody is known to settle, which is named`() throws {
    let text = request(waitingFor: "kind=deferred")
    #expect(try report(text, at: 1.9).chainList.map(\.state) == [.waiting])

    let report = try report(text, at: 9.2)
    #expect(report.chains == ChainCounts(completed: 0, failed: 0, inFlight: 1, waiting: 0, stalled: 1))
    #expect(report.chainList[0].state == .stalled)
    #expect(report.chainList[0].waitingOn?.site.function == "retry(_:)")
    #expect(report.findings.map(\.id) == ["never-settled", "stalled-chain"])
    #expect(report.findings.map(\.severity) == [.error, .info])
    #expect(report.findings.map(\.causedBy) == [nil, "never-settled"])
    #expect(report.findings.map(\.site.line) == [7, 7])
    #expect(
      report.findings.map(\.sentence) == [
        "A Deferred created by retry(_:) has been pending for 8.20 s; nobody is known to settle it.",
        "GET /stuck is stalled after 8.20 s, waiting for a Deferred created by retry(_:).",
      ])
  }

  @Test(arguments: [
    ("kind=thread", 100.0, ChainReport.State.waiting), ("kind=read fd=7", 100, .waiting), ("kind=child", 100, .waiting),
    ("kind=connect fd=7", 100, .waiting), ("kind=timer due=50", 49, .waiting), ("kind=timer due=50", 50.9, .waiting),
    ("kind=timer due=50", 51.1, .stalled), ("kind=task", 100, .stalled), ("kind=deferred due=50", 49, .waiting),
  ])
  func `are not those whose source is alive`(operation: String, now: Double, state: ChainReport.State) throws {
    let report = try report(request(waitingFor: operation), at: now)
    #expect(report.chainList.map(\.state) == [state])
    #expect(report.findings.isEmpty == (state == .waiting))
  }

  @Test func `are followed to the leaf, with what its descriptor is`() throws {
    let report = try report(
      request(
        waitingFor: "kind=deferred",
        then: """
          1 1.5 watched fd=7 label="db:5432"
          1 1.5 created op=4 kind=deferred site=2
          1 1.5 created op=5 kind=read site=3 fd=7
          1 1.5 awaits op=3 on=4
          1 1.5 awaits op=4 on=5
          """), at: 60)
    #expect(report.chainList.map(\.state) == [.waiting])
    #expect(report.chainList[0].waitingOn?.kind == .read)
    #expect(report.chainList[0].waitingOn?.label == "db:5432")
    #expect(report.findings.isEmpty)
  }

  @Test func `of several that are waited for need one that is alive`() throws {
    let gather = request(
      waitingFor: "kind=deferred",
      then: """
        1 1.5 created op=4 kind=thread
        1 1.5 created op=5 kind=deferred
        1 1.5 awaits op=3 on=4
        1 1.5 awaits op=3 on=5

        """)
    #expect(try report(gather, at: 60).chainList[0].waitingOn?.kind == .thread)
    let settled = try report(gather + "1 2 settled op=4 outcome=success\n", at: 60)
    #expect(settled.chainList[0].state == .stalled)
    #expect(settled.chainList[0].waitingOn?.id == OperationID(LoopID(1), 5))
  }

  @Test func `may wait in a circle`() throws {
    let circle = request(
      waitingFor: "kind=deferred",
      then: "1 1.5 created op=4 kind=deferred\n1 1.5 awaits op=3 on=4\n1 1.5 awaits op=4 on=3")
    #expect(try report(circle, at: 60).chainList.map(\.state) == [.stalled])
    #expect(
      try report(request(waitingFor: "kind=deferred", then: "1 1.5 awaits op=3 on=3"), at: 60).chains.stalled == 1)
  }

  @Test func `are not those whose site usually takes that long`() throws {
    // A long poll: half a minute is usual there.
    let history = (0..<30).map { index in
      "1 \(index * 30) created op=\(index + 100) kind=deferred site=4\n"
        + "1 \(index * 30 + 29) settled op=\(index + 100) outcome=success\n1 \(index * 30 + 29) poll-enter\n"
    }.joined()
    let text = history + "1 1000 created op=500 kind=deferred site=4 chain=500\n1 1000 poll-enter\n"
    #expect(try report(text, at: 1_020).findings.isEmpty)
    #expect(try report(text, at: 1_020).chainList.map(\.state) == [.waiting])
    #expect(try report(text, at: 1_400).chainList.map(\.state) == [.stalled])
  }

  @Test func `are not those whose loop stands still`() throws {
    let text = request(
      waitingFor: "kind=timer due=2", then: "1 1.5 poll-return ready=1\n1 1.5 begin span=9 site=2 kind=io\n")
    let report = try report(text, at: 30)
    #expect(report.chainList.map(\.state) == [.waiting])
    #expect(report.findings.map(\.id) == ["blocking-callback"])
  }

  @Test func `explain nothing about what waits by design`() throws {
    // A Deferred for the program's end, of no chain: with no history it may be meant to wait.
    #expect(try report("1 1 created op=1 kind=deferred site=4\n1 1 poll-enter", at: 9_999).findings.isEmpty)
  }

  @Test func `need no chain where the site's history speaks against the operation`() throws {
    let history = (0..<30).map { index in
      "1 1 created op=\(index + 100) kind=deferred site=4\n1 1.01 settled op=\(index + 100) outcome=success\n"
    }.joined()
    let report = try report(history + "1 2 created op=500 kind=deferred site=4\n1 2 poll-enter\n", at: 60)
    #expect(report.findings.map(\.id) == ["never-settled"])
    #expect(report.findings[0].numbers == ["count": 1, "oldest_ns": 58_000_000_000])
  }
}
