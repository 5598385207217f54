import Testing
import Trace

@testable import Analysis

/// A query that is called on the loop, between a connection's accept and a timer that it makes late.
private let blocking = #"""
  1 1.000000000 loop-begin
  1 1.000000000 anchor counter=0 monotonic=1.000000000 boottime=1.000000000 realtime=1772366400.250000000
  1 1.000100000 created op=1 kind=listener site=1 fd=3 standing
  1 1.000100000 watched fd=3 label="127.0.0.1:80"
  1 1.000150000 created op=2 kind=timer site=3 due=1.200000000
  1 1.000200000 poll-enter timeout=0.199800000
  1 1.100000000 poll-return ready=1
  1 1.100010000 begin span=3 kind=io trigger=poll site=1 op=1 starts-chain
  1 1.100020000 chain-named chain=4 name="GET /users?id=\u{1b}[2J1"
  1 1.100030000 created op=5 kind=read site=2 chain=4 by=3 fd=4
  1 1.100040000 end span=3
  1 1.100050000 poll-enter timeout=0.099950000
  1 1.110000000 poll-return ready=1
  1 1.110005000 settled op=5 outcome=success
  1 1.110010000 begin span=6 kind=io trigger=poll site=2 op=5
  1 1.313010000 end span=6
  1 1.313020000 poll-enter timeout=0.000000000
  1 1.313025000 poll-return ready=0
  1 1.313030000 begin span=7 kind=timer trigger=timer site=3 op=2 ready=1.200000000
  1 1.313040000 settled op=2 outcome=success
  1 1.313820000 end span=7
  1 1.313830000 poll-enter
  1 2.000000000 poll-return ready=0
  1 2.000001000 loop-end
  """#

/// A request that waits for a Deferred that nobody fires, and one that fails unhandled.
private let neverFires = #"""
  1 1.000 loop-begin
  1 1.000 poll-enter
  1 1.100 poll-return ready=1
  1 1.100 begin span=1 kind=io trigger=poll site=1 starts-chain
  1 1.100 chain-named chain=2 name="GET /stuck"
  1 1.100 created op=3 kind=deferred site=4 chain=2 by=1
  1 1.101 end span=1
  1 1.102 begin span=4 kind=io trigger=poll site=1 starts-chain
  1 1.102 created op=5 kind=thread site=2 chain=4 by=4
  1 1.103 end span=4
  1 1.103 poll-enter
  1 1.203 poll-return ready=1
  1 1.203 settled op=5 outcome=failure text="no such table"
  1 1.203 begin span=6 kind=thread trigger=thread site=2 op=5
  1 1.204 unhandled op=5 text="no such table"
  1 1.204 end span=6 threw
  1 1.205 poll-enter
  1 9.000 gap from=8.000 to=8.500 events=3 reason=overwritten

  """#

@Suite struct `The report as text` {
  @Test func `names the guilty first`() throws {
    expectText(
      TextReport.render(try report(blocking)),
      """
      query(_:) blocked the loop for 203 ms. It made 1 callback wait, 113 ms in all.

      server (pid 4711, looptop-reactor 1)
      1.00 s, 24 events, 3 callbacks, complete

      FINDINGS
        warning: blocking-callback  Server/Users.swift:42
          query(_:) blocked the loop for 203 ms. It made 1 callback wait, 113 ms in
          all. See it at 110 ms.
          Take the work off the loop: hand it to the thread pool, or split it and let
          the loop poll in between.
        info: late-timers, explained by blocking-callback  Server/Users.swift:57
          A timer of render(_:) ran 113 ms late. See it at 200 ms.

      LOOPS
        loop  busy  callbacks  ticks  tick p99  tick max  lag p99  lag max
        main  20 %          3      3    203 ms    203 ms   113 ms   113 ms

      CALLBACKS
        callback    count  slow     self      p99      max    harm   up to
        query(_:)       1     1   203 ms   203 ms   203 ms  113 ms  113 ms
        render(_:)      1     0   790 µs   790 µs   790 µs       –       –
        accept(_:)      1     0  30.0 µs  30.0 µs  30.0 µs       –       –

      STALLS  a loop did not reach its poll in time: once
        callback       at     for    self    harm   up to  cause
        query(_:)  110 ms  203 ms  203 ms  113 ms  113 ms  unknown

      CHAINS  1 completed, 0 failed, 0 in flight (0 waiting, 0 stalled)
        chain                state         age     ran   queued  waits for
        GET /users?id=␛[2J1  completed  213 ms  203 ms  10.0 µs

      OPERATIONS
        3 created: 2 succeeded, 0 failed, 0 cancelled, 0 dropped, 1 pending

      """)
  }

  @Test func `tells what hangs, why, and what is not known`() throws {
    expectText(
      TextReport.render(try report(neverFires)),
      """
      2 things are wrong, first of all: A Deferred created by retry(_:) has been
      pending for 7.90 s; nobody is known to settle it.

      server (pid 4711, looptop-reactor 1)
      8.00 s, 18 events, 3 callbacks, incomplete

      FINDINGS
        error: never-settled  Server/Retry.swift:7
          A Deferred created by retry(_:) has been pending for 7.90 s; nobody is known
          to settle it. See it at 100 ms.
          See that every path settles or cancels it, the failing ones too, or give it
          a time-out.
        warning: unhandled-failure  Server/Users.swift:42
          A failure of what query(_:) created was never handled: no such table. See it
          at 204 ms.
          Add an errback at the end of the chain.
        info: stalled-chain, explained by never-settled  Server/Retry.swift:7
          GET /stuck is stalled after 7.90 s, waiting for a Deferred created by
          retry(_:). See it at 100 ms.

      LOOPS
        loop  busy  callbacks  ticks  tick p99  tick max  lag p99  lag max
        main  <1 %          3      2   3.00 ms   3.00 ms        –        –

      CALLBACKS
        callback    count  slow     self      p99      max     harm    up to
        accept(_:)      2     0  2.00 ms  1.00 ms  1.00 ms  1.00 ms  1.00 ms
        query(_:)       1     0  1.00 ms  1.00 ms  1.00 ms        –        –

      CHAINS  0 completed, 1 failed, 1 in flight (0 waiting, 1 stalled)
        chain       state       age      ran  queued  waits for
        GET /stuck  stalled  7.90 s  1.00 ms       –  Deferred of retry(_:)
        accept(_:)  failed   102 ms  2.00 ms       –

      OPERATIONS
        2 created: 0 succeeded, 1 failed, 0 cancelled, 0 dropped, 1 pending

      GAPS  1 gap: what happened in them is in no number above
        loop 1, 7.00 s to 7.50 s: 3 events missing (overwritten)

      """)
  }

  @Test func `calls a healthy trace healthy`() throws {
    let text = TextReport.render(
      try report("1 1 poll-return ready=1\n1 1 begin span=1 site=1\n1 1.01 end span=1\n1 1.01 poll-enter"))
    #expect(text.hasPrefix("Healthy: every loop reached its poll in time, and nothing hangs.\n"))
    #expect(!text.contains("FINDINGS") && !text.contains("STALLS") && !text.contains("GAPS"))
  }

  @Test func `says of an empty trace that it is`() {
    #expect(TextReport.render(Analyzer().report(at: nil)).hasPrefix("The trace is empty.\n"))
  }

  @Test func `shows the first of many`() throws {
    let sites = (5...24).map { "site \($0) \"f\($0)\" \"f.swift\" \($0)\n" }.joined()
    let spans = (5...24).map { "1 \($0) begin span=\($0) site=\($0)\n1 \($0).1 end span=\($0)\n1 \($0).1 poll-enter\n" }
    let text = TextReport.render(try report(sites + spans.joined()))
    #expect(text.contains("  … and 12 more\n"))
    #expect(text.split(separator: "\n").count < 100)
  }
}

@Suite struct `The report as JSON` {
  @Test func `has every key, and null for what was not measured`() throws {
    expectText(
      JSONReport.render(try report(blocking), path: "a.looptrace"),
      #"""
      {
        "schema": 1,
        "trace": {"path": "a.looptrace", "duration_ns": 1000001000, "started_at": "2026-03-01T12:00:00.250Z", "events": 24, "complete": true, "gaps": []},
        "processes": [
          {"pid": 4711, "command": "server", "runtime": "looptop-reactor 1"}
        ],
        "loops": [
          {
            "id": 1,
            "pid": 4711,
            "name": "main",
            "ticks": 3,
            "busy_ns": 203876000,
            "idle_ns": 795925000,
            "on_cpu_ns": null,
            "utilization": 0.203917,
            "tick_ns": {"p50": 806911, "p90": 203020000, "p99": 203020000, "max": 203020000},
            "lag_ns": {"p50": 113030000, "p90": 113030000, "p99": 113030000, "max": 113030000},
            "queue_delay_ns": {"p50": 10047, "p90": 113030000, "p99": 113030000, "max": 113030000}
          }
        ],
        "callbacks": 3,
        "sites": [
          {"site": "query(_:)", "file": "Server/Users.swift", "line": 42, "kind": "io", "count": 1, "total_ns": 203000000, "self_ns": 203000000, "p50_ns": 203000000, "p99_ns": 203000000, "max_ns": 203000000, "slow": 1, "harm_ns": 113010000, "harm_up_to_ns": 113010000, "victims": 1},
          {"site": "render(_:)", "file": "Server/Users.swift", "line": 57, "kind": "timer", "count": 1, "total_ns": 790000, "self_ns": 790000, "p50_ns": 790000, "p99_ns": 790000, "max_ns": 790000, "slow": 0, "harm_ns": 0, "harm_up_to_ns": 0, "victims": 0},
          {"site": "accept(_:)", "file": "Server/Server.swift", "line": 10, "kind": "io", "count": 1, "total_ns": 30000, "self_ns": 30000, "p50_ns": 30000, "p99_ns": 30000, "max_ns": 30000, "slow": 0, "harm_ns": 0, "harm_up_to_ns": 0, "victims": 0}
        ],
        "stalls": [
          {"loop": 1, "begin_ns": 110000000, "duration_ns": 203020000, "ended": true, "site": "query(_:)", "file": "Server/Users.swift", "line": 42, "cause": "unknown", "detail": null, "stack": [], "victims": 1, "harm_ns": 113010000, "harm_up_to_ns": 113010000}
        ],
        "operations": {"created": 3, "succeeded": 2, "failed": 0, "cancelled": 0, "dropped": 0, "pending": 1},
        "chains": {
          "completed": 1,
          "failed": 0,
          "in_flight": 0,
          "waiting": 0,
          "stalled": 0,
          "slowest": [
            {"id": "1:4", "name": "GET /users?id=\u001b[2J1", "site": "accept(_:)", "began_ns": 100010000, "duration_ns": 213000000, "running_ns": 203030000, "queued_ns": 10000, "waiting_ns": 9960000, "blame": null, "state": "completed", "waiting_on": null, "waiting_through": [], "waiting_cycle": null, "steps": null, "critical_path": null}
          ]
        },
        "findings": [
          {
            "id": "blocking-callback",
            "severity": "warning",
            "site": "query(_:)",
            "file": "Server/Users.swift",
            "line": 42,
            "sentence": "query(_:) blocked the loop for 203 ms. It made 1 callback wait, 113 ms in all.",
            "count": 1,
            "caused_by": null,
            "at_ns": 110010000,
            "loop": 1,
            "numbers": {"count": 1, "harm_ns": 113010000, "harm_up_to_ns": 113010000, "longest_ns": 203000000, "total_ns": 203000000, "victims": 1}
          },
          {
            "id": "late-timers",
            "severity": "info",
            "site": "render(_:)",
            "file": "Server/Users.swift",
            "line": 57,
            "sentence": "A timer of render(_:) ran 113 ms late.",
            "count": 1,
            "caused_by": "blocking-callback",
            "at_ns": 200000000,
            "loop": 1,
            "numbers": {"count": 1, "latest_ns": 113030000}
          }
        ],
        "anomalies": []
      }

      """#)
  }

  @Test func `names what a stalled chain waits for, and the gaps`() throws {
    let json = JSONReport.render(try report(neverFires), path: nil)
    #expect(
      json.contains(
        #"""
              {
                "id": "1:2",
                "name": "GET /stuck",
                "site": "accept(_:)",
                "began_ns": 100000000,
                "duration_ns": 7900000000,
                "running_ns": 1000000,
                "queued_ns": 0,
                "waiting_ns": 7899000000,
                "blame": null,
                "state": "stalled",
                "waiting_on": {"kind": "deferred", "site": "retry(_:)", "file": "Server/Retry.swift", "line": 7, "created_ns": 100000000, "due_ns": null, "label": null},
                "waiting_through": [
                  {"kind": "deferred", "site": "retry(_:)", "file": "Server/Retry.swift", "line": 7, "created_ns": 100000000, "due_ns": null, "label": null}
                ],
                "waiting_cycle": null,
                "steps": null,
                "critical_path": null
              },
        """#))
    #expect(
      json.contains(
        #"""
            "gaps": [
              {"loop": 1, "from_ns": 7000000000, "to_ns": 7500000000, "events": 3, "why": "overwritten"}
            ]
        """#))
  }

  @Test func `of nothing is still the whole contract`() {
    expectText(
      JSONReport.render(Analyzer().report(at: nil), path: nil),
      """
      {
        "schema": 1,
        "trace": {"path": null, "duration_ns": 0, "started_at": null, "events": 0, "complete": false, "gaps": []},
        "processes": [],
        "loops": [],
        "callbacks": 0,
        "sites": [],
        "stalls": [],
        "operations": {"created": 0, "succeeded": 0, "failed": 0, "cancelled": 0, "dropped": 0, "pending": 0},
        "chains": {"completed": 0, "failed": 0, "in_flight": 0, "waiting": 0, "stalled": 0, "slowest": []},
        "findings": [],
        "anomalies": []
      }

      """)
  }
}
