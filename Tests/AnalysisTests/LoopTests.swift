import Analysis
import Testing
import Trace

@Suite struct `Ticks and waits` {
  @Test func `a tick is from a poll's return to the next poll, and idle is in the poll`() throws {
    let loop = try #require(
      report(
        """
        1 0.000 loop-begin
        1 0.500 poll-enter
        1 1.000 poll-return ready=1
        1 1.010 poll-enter
        1 2.010 poll-return ready=1
        1 2.040 poll-enter
        1 3.040 poll-return ready=0
        1 3.041 loop-end
        """
      ).loops.first)
    #expect(loop.ended)
    #expect(loop.ticks == 2)
    #expect(loop.tick?.max == .milliseconds(30))
    #expect(loop.idle == .milliseconds(2_500))
    #expect(loop.busy == .milliseconds(41))
  }

  @Test func `the queue delay is from the moment of certain readiness to the begin`() throws {
    let loop = try #require(
      report(
        """
        1 1.000 poll-return ready=1
        # A timer, from when it was due.
        1 1.003 begin span=1 kind=timer trigger=timer ready=0.999
        1 1.004 end span=1
        # A descriptor, from the return of the poll that reported it.
        1 1.006 begin span=2 kind=io trigger=poll op=50
        1 1.007 queued op=51 at=1.007 kind=ready trigger=callback
        # A step that runs inside the callback that fired it: none.
        1 1.007 begin span=3 kind=deferred trigger=callback op=52
        1 1.008 end span=3
        1 1.008 end span=2
        1 1.010 poll-enter
        1 1.010 poll-return ready=0
        # An entry of the ready queue, from when it was queued.
        1 1.017 begin span=4 kind=ready trigger=callback op=51
        1 1.018 end span=4
        1 1.020 poll-enter
        """
      ).loops.first)
    #expect(loop.lag?.count == 1)
    #expect(loop.lag?.max == .milliseconds(4))
    #expect(loop.queueDelay?.count == 3)
    #expect(loop.queueDelay?.max == .milliseconds(10))
  }

  @Test func `a timer that does not say when it was due is measured by its operation`() throws {
    let loop = try #require(
      report(
        """
        1 1.000 poll-enter
        1 1.000 created op=1 kind=timer due=1.500
        1 1.502 poll-return ready=0
        1 1.503 begin span=2 kind=timer trigger=timer op=1
        1 1.503 end span=2
        """
      ).loops.first)
    #expect(loop.lag?.max == .milliseconds(3))
  }

  @Test func `self time leaves out what is nested, the total does not`() throws {
    let sites = try report(
      """
      1 1.000 poll-return ready=1
      1 1.000 begin span=1 site=1 kind=io
      1 1.010 begin span=2 site=2 kind=deferred
      1 1.030 begin span=3 site=2 kind=deferred
      1 1.060 end span=3 threw
      1 1.070 end span=2
      1 1.075 end span=1
      1 1.080 poll-enter
      """
    ).sites
    #expect(sites.map(\.site.function) == ["query(_:)", "accept(_:)"])
    #expect(sites.map(\.own) == [.milliseconds(60), .milliseconds(15)])
    #expect(sites.map(\.total) == [.milliseconds(90), .milliseconds(75)])
    #expect(sites.map(\.threw) == [1, 0])
    #expect(sites.map(\.max) == [.milliseconds(30), .milliseconds(15)])
    #expect(sites.map(\.slow) == [0, 0], "slow is a matter of self time")
  }

  @Test func `what still runs is judged up to now`() throws {
    let hung = """
      1 1.000 loop-begin
      1 1.000 poll-enter
      1 1.100 poll-return ready=1
      1 1.100 begin span=1 site=1 kind=io
      1 1.101 begin span=2 site=2 kind=ready

      """
    let live = try report(hung, at: 4.5)
    #expect(live.loops[0].running.map(\.site.function) == ["accept(_:)", "query(_:)"])
    #expect(live.loops[0].busy == .milliseconds(3_400))
    #expect(live.sites[0].site.function == "query(_:)")
    #expect(live.sites[0].runningFor == .milliseconds(3_399))
    #expect(live.sites[0].worst.first?.running == true)
    #expect(live.stalls.map(\.ended) == [false])
    #expect(live.stalls[0].duration == .milliseconds(3_400))
    #expect(live.stallCount == 1)
    #expect(live.finding("blocking-callback")?.severity == .error)
    #expect(
      live.finding("blocking-callback")?.sentence == "query(_:) has been running for 3.40 s and blocks the loop.")

    let replayed = try report(hung + "1 4.500 checkpoint\n  span began=1.1 span=1\n  span began=1.101 span=2")
    #expect(replayed.sites == live.sites)
    #expect(replayed.stalls == live.stalls)
    #expect(replayed.findings == live.findings)
  }

  @Test func `loops are told apart and judged each to its own end`() throws {
    let report = try report(
      """
      loop 2 process=1 name="worker" thread=4712 poll=epoll
      2 1 poll-return ready=1
      2 1 begin span=1 site=2 kind=io
      1 1 poll-return ready=1
      1 1 begin span=1 site=1 kind=io
      2 1.040 end span=1
      2 1.040 poll-enter
      2 9 poll-return ready=0
      1 1.030 created op=2:9 kind=deferred by=2:1
      1 1.030 end span=1
      """)
    #expect(report.loops.map(\.info.name) == ["main", "worker"])
    #expect(report.loops.map(\.busy) == [.milliseconds(30), .milliseconds(40)])
    #expect(report.loops.map(\.idle) == [.zero, .milliseconds(7_960)])
    #expect(report.trace.to == Instant(9_000_000_000))
    #expect(report.anomalies.isEmpty)
  }

  @Test func `a result that failed has waited in the queue as well`() throws {
    let loop = try #require(
      report(
        """
        1 1.000 poll-return ready=1
        1 1.000 created op=1 kind=thread
        1 1.001 queued op=1 at=0.990 kind=thread trigger=thread
        1 1.001 settled op=1 outcome=failure
        1 1.002 begin span=2 kind=thread op=1
        1 1.003 end span=2
        """
      ).loops.first)
    #expect(loop.queueDelay?.max == .milliseconds(12))
  }

  @Test func `CPU time is that between the first reading and the last`() throws {
    let text = """
      1 1 used cpu=0.5 voluntary=0 involuntary=0 minor=0 major=0
      1 2 used cpu=0.75 voluntary=0 involuntary=0 minor=0 major=0
      """
    #expect(try report(text).loops[0].onCPU == .milliseconds(250))
    #expect(try report("1 1 loop-begin").loops[0].onCPU == nil)
  }
}

@Suite struct Stalls {
  @Test func `are named after the span with the largest self time`() throws {
    let report = try report(
      """
      1 1.000 poll-return ready=2
      1 1.000 begin span=1 site=1 kind=io
      1 1.010 begin span=2 site=2 kind=ready
      1 1.035 end span=2
      1 1.036 end span=1
      1 1.036 begin span=3 site=3 kind=io
      1 1.056 end span=3
      1 1.060 poll-enter
      1 1.070 poll-return ready=0
      1 1.119 poll-enter
      """)
    #expect(report.stallCount == 1)
    #expect(report.stalls[0].site.function == "query(_:)")
    #expect(report.stalls[0].own == .milliseconds(25))
    #expect(report.stalls[0].callbacks == 3)
    #expect(report.stalls[0].duration == .milliseconds(60))
    #expect(report.findings.map(\.id) == ["tick-over-budget"], "no single callback is slow")
    #expect(
      TextReport.render(report).hasPrefix(
        "3 callbacks, none of them slow, kept the loop from its poll for 60.0 ms; 1 of\n"))
  }

  @Test func `stand in the order of what hurts: still going on first, then the longest`() throws {
    let report = try report(
      """
      1 1.000 poll-return ready=0
      1 1.200 poll-enter
      1 1.200 poll-return ready=0
      1 1.500 poll-enter
      1 1.500 poll-return ready=0
      """, at: 1.6)
    #expect(report.stalls.map(\.duration) == [.milliseconds(100), .milliseconds(300), .milliseconds(200)])
    #expect(report.stalls.map(\.ended) == [false, true, true])
  }

  @Test(arguments: [
    ("0.290", 0, 0, Stall.Cause.computing), ("0.290", 9, 0, .computing), ("0.100", 0, 0, .computing),
    ("0.100", 1, 9, .unknown), ("0.050", 0, 3, .cpuWait), ("0.050", 1, 3, .unknown), ("0.050", 0, 2, .unknown),
  ])
  func `are computing or wait for a CPU where what the thread used leaves no other explanation`(
    cpu: String, voluntary: Int, involuntary: Int, cause: Stall.Cause
  ) throws {
    let report = try report(
      """
      1 1.000 poll-return ready=1
      1 1.000 used cpu=0.010 voluntary=0 involuntary=0 minor=0 major=0
      1 1.001 begin span=1 site=2 kind=io
      1 1.300 end span=1
      1 1.300 used cpu=\(cpu) voluntary=\(voluntary) involuntary=\(involuntary) minor=0 major=0
      1 1.300008 poll-enter
      """)
    #expect(report.stalls.map(\.cause) == [cause])
  }

  @Test(arguments: [
    (5, 1, Stall.Cause.cpuWait), (6, 1, .unknown), (5, 2, .cpuWait), (6, 2, .cpuWait), (7, 2, .unknown),
  ])
  func `are told apart from the polls before them that waited`(
    voluntary: Int, involuntary: Int, cause: Stall.Cause
  ) throws {
    let report = try report(
      """
      1 1.000 poll-return ready=1
      1 1.000 used cpu=0.010 voluntary=3 involuntary=0 minor=0 major=0
      1 1.000 poll-enter
      1 1.002 poll-return ready=1
      1 1.002 poll-enter
      1 1.00202 poll-return ready=1
      1 1.00202 poll-enter
      1 1.004 poll-return ready=1
      1 1.004 begin span=1 site=2 kind=io
      1 1.090 end span=1
      1 1.090 used cpu=0.040 voluntary=\(voluntary) involuntary=\(involuntary) minor=0 major=0
      1 1.090 poll-enter
      """)
    #expect(report.stalls.map(\.cause) == [cause])
  }

  @Test func `list the longest thousand and count all`() throws {
    let text = (0..<1_200).map { index in
      "1 \(index).0 poll-return ready=0\n1 \(index).\(index < 200 ? 1 : 2) poll-enter\n"
    }.joined()
    let report = try report(text)
    #expect(report.stallCount == 1_200)
    #expect(report.stalls.count == 1_000)
    #expect(report.stalls.allSatisfy { $0.duration == .milliseconds(200) })
  }
}
