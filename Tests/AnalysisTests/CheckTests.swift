import Testing
import Trace

@testable import Analysis

@Suite struct `A check` {
  private let trace = """
    1 1.0 loop-begin
    1 1.0 poll-return ready=1
    1 1.0 created op=9 kind=timer site=3 due=1.05
    1 1.0 begin span=1 site=2 kind=io
    1 1.1 end span=1
    1 1.1 begin span=2 site=3 kind=timer trigger=timer op=9 ready=1.05
    1 1.1 settled op=9 outcome=success
    1 1.102 end span=2
    1 1.102 poll-enter
    1 2.0 poll-return ready=0
    1 2.0 loop-end
    """

  @Test func `passes where every budget is kept, as long as it is not longer`() throws {
    let budgets = Budgets(
      maxCallback: .milliseconds(100), maxTick: .milliseconds(102), maxLagP99: .milliseconds(50),
      maxQueueDelayP99: .milliseconds(50), forbidden: ["never-settled"])
    #expect(budgets.breaches(in: try report(trace)).isEmpty)
  }

  @Test func `has a line for each breach`() throws {
    let budgets = Budgets(
      maxCallback: .milliseconds(99), maxTick: .milliseconds(101), maxLagP99: .milliseconds(49),
      maxQueueDelayP99: .milliseconds(49), forbidden: ["blocking-callback"])
    let breaches = budgets.breaches(in: try report(trace))
    expectText(
      CheckReport.text.render(breaches, of: budgets, complete: true, path: "a"),
      """
      max-callback: query(_:) ran for 100 ms, more than 99.0 ms (Server/Users.swift:42)
      max-tick: loop main: a tick took 102 ms, more than 101 ms
      max-lag-p99: loop main: the 99th percentile of the lag is 50.0 ms, more than 49.0 ms
      max-queue-delay-p99: loop main: the 99th percentile of the queue delay is 50.0 ms, more than 49.0 ms
      no-blocking-callback: query(_:) blocked the loop for 100 ms. It made 1 callback wait, 50.0 ms in all. (Server/Users.swift:42)

      """)
    expectText(
      CheckReport.github.render(Array(breaches.prefix(2)), of: budgets, complete: true, path: "a"),
      """
      ::error file=Server/Users.swift,line=42,title=looptop max-callback::query(_:) ran for 100 ms, more than 99.0 ms
      ::error title=looptop max-tick::loop main: a tick took 102 ms, more than 101 ms

      """)
  }

  @Test func `is written for programs`() throws {
    let budgets = Budgets(maxCallback: .milliseconds(99), maxTick: .milliseconds(200))
    let breaches = budgets.breaches(in: try report(trace))
    expectText(
      CheckReport.json.render(breaches, of: budgets, complete: true, path: "a.looptrace"),
      """
      {
        "schema": 1,
        "path": "a.looptrace",
        "passed": false,
        "complete": true,
        "breaches": [
          {"budget": "max-callback", "sentence": "query(_:) ran for 100 ms, more than 99.0 ms", "site": "query(_:)", "file": "Server/Users.swift", "line": 42, "measured_ns": 100000000, "allowed_ns": 99000000}
        ]
      }

      """)
    expectText(
      CheckReport.junit.render(breaches, of: budgets, complete: true, path: "<a>&\"b\u{1}"),
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuite name="&lt;a&gt;&amp;&quot;b\u{fffd}" tests="2" failures="1">
        <testcase classname="looptop" name="max-callback">
          <failure message="query(_:) ran for 100 ms, more than 99.0 ms">max-callback: query(_:) ran for 100 ms, more than 99.0 ms (Server/Users.swift:42)</failure>
        </testcase>
        <testcase classname="looptop" name="max-tick"/>
      </testsuite>

      """)
  }
}
