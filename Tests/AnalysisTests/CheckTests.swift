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
    #expect(try breaches(trace, budgets).isEmpty)
  }

  @Test func `has a line for each breach`() throws {
    let budgets = Budgets(
      maxCallback: .milliseconds(99), maxTick: .milliseconds(101), maxLagP99: .milliseconds(49),
      maxQueueDelayP99: .milliseconds(49), forbidden: ["blocking-callback"])
    let breaches = try breaches(trace, budgets)
    expectText(
      CheckReport.text.render(breaches, of: budgets.names, complete: true, path: "a"),
      """
      max-callback: query(_:) ran for 100 ms, more than 99.0 ms (Server/Users.swift:42)
      max-tick: loop main: a tick took 102 ms, more than 101 ms
      max-lag-p99: loop main: the 99th percentile of the lag is 50.0 ms, more than 49.0 ms
      max-queue-delay-p99: loop main: the 99th percentile of the queue delay is 50.0 ms, more than 49.0 ms
      no-blocking-callback: query(_:) blocked the loop for 100 ms. It made 1 callback wait, 50.0 ms in all. (Server/Users.swift:42)

      """)
    expectText(
      CheckReport.github.render(Array(breaches.prefix(2)), of: budgets.names, complete: true, path: "a"),
      """
      ::error file=Server/Users.swift,line=42,title=looptop max-callback::query(_:) ran for 100 ms, more than 99.0 ms
      ::error title=looptop max-tick::loop main: a tick took 102 ms, more than 101 ms

      """)
  }

  @Test func `is written for programs`() throws {
    let budgets = Budgets(maxCallback: .milliseconds(99), maxTick: .milliseconds(200))
    let breaches = try breaches(trace, budgets)
    expectText(
      CheckReport.json.render(breaches, of: budgets.names, complete: true, path: "a.looptrace"),
      """
      {
        "schema": 1,
        "path": "a.looptrace",
        "passed": false,
        "complete": true,
        "breaches": [
          {"budget": "max-callback", "sentence": "query(_:) ran for 100 ms, more than 99.0 ms", "site": "query(_:)", "file": "Server/Users.swift", "line": 42, "measured_ns": 100000000, "allowed_ns": 99000000}
        ],
        "excused": []
      }

      """)
    expectText(
      CheckReport.junit.render(breaches, of: budgets.names, complete: true, path: "<a>&\"b\u{1}"),
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

/// What of a trace in text form breaks the budgets.
private func breaches(_ events: String, _ budgets: Budgets, at now: Instant? = nil) throws -> [Breach] {
  var analyzer = Analyzer(limits: budgets.limits)
  let parsed = try parse(events)
  for batch in parsed.batches { analyzer.consume(batch, definitions: parsed.definitions) }
  return budgets.breaches(in: analyzer.report(at: now), analyzer.overlong(at: now))
}

@Suite struct `A span that the machine gave no CPU` {
  /// A callback of 100 ms between two readings of the CPU time, after a poll that waited.
  private func trace(cpu: String, voluntary: Int, involuntary: Int) -> String {
    """
    1 0.990 loop-begin
    1 0.991 poll-enter
    1 0.992 poll-return ready=0
    1 0.992 used cpu=0.500 voluntary=10 involuntary=4 minor=0 major=0
    1 0.993 poll-enter
    1 1.000 poll-return ready=1
    1 1.000 begin span=1 site=2 kind=io
    1 1.100 end span=1
    1 1.100 used cpu=\(cpu) voluntary=\(voluntary) involuntary=\(involuntary) minor=0 major=0
    1 1.100 poll-enter
    1 1.200 poll-return ready=0
    1 1.200 loop-end
    """
  }

  private let budgets = Budgets(maxCallback: .milliseconds(50), maxTick: .milliseconds(50))

  @Test func `is told and not counted, and its tick neither`() throws {
    // The one switch of its own accord was the poll's.
    let found = try breaches(trace(cpu: "0.530", voluntary: 11, involuntary: 9), budgets)
    #expect(found.map(\.excuse) == [.noCPU, .noCPU])
    expectText(
      CheckReport.text.render(found, of: budgets.names, complete: true, path: "a"),
      """
      every budget is kept
      not counted, max-callback: query(_:) ran for 100 ms, more than 50.0 ms, but for 30.0 ms at most on a CPU: the machine gave it none for the rest (Server/Users.swift:42)
      not counted, max-tick: loop main: a tick took 100 ms, more than 50.0 ms, but for 30.0 ms at most on a CPU: the machine gave it none for the rest

      """)
    let json = CheckReport.json.render(found, of: budgets.names, complete: true, path: "a")
    #expect(json.contains("\"passed\": true") && json.contains("\"breaches\": []"))
    #expect(json.contains("\"excuse\": \"no-cpu\""))
    expectText(
      CheckReport.junit.render(Array(found.prefix(1)), of: ["max-callback"], complete: true, path: "a"),
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuite name="a" tests="1" failures="0">
        <testcase classname="looptop" name="max-callback">
          <system-out>not counted, max-callback: query(_:) ran for 100 ms, more than 50.0 ms, but for 30.0 ms at most on a CPU: the machine gave it none for the rest (Server/Users.swift:42)</system-out>
        </testcase>
      </testsuite>

      """)
    #expect(
      CheckReport.github.render(found, of: budgets.names, complete: true, path: "a")
        .hasPrefix("::notice file=Server/Users.swift,line=42,title=looptop max-callback::query(_:) ran"))
  }

  @Test(arguments: [("0.530", 12, 9), ("0.530", 10, 4), ("0.580", 10, 9)])
  func `is not one that slept, that nobody put off its CPU, or that computed for long`(
    cpu: String, voluntary: Int, involuntary: Int
  ) throws {
    let found = try breaches(trace(cpu: cpu, voluntary: voluntary, involuntary: involuntary), budgets)
    #expect(found.map(\.excuse) == [nil, nil])
  }

  @Test(arguments: [(9, false), (10, true), (500, true)])
  func `has lost it often enough for so long a time`(switches: UInt32, isDeprived: Bool) throws {
    var witness = CPUWitness()
    func usage(_ milliseconds: Int64, _ involuntary: UInt32) -> Usage {
      Usage(
        cpu: .milliseconds(milliseconds), voluntarySwitches: 0, involuntarySwitches: involuntary, minorFaults: 0,
        majorFaults: 0)
    }
    witness.read(usage(0, 7), at: Instant(0))
    witness.read(usage(20, 7 &+ switches), at: Instant(1_000_000_000))
    let testimony = try #require(witness.testimony(from: Instant(0), to: Instant(1_000_000_000)))
    #expect(testimony.most == .milliseconds(20) && testimony.isDeprived == isDeprived)
    #expect(witness.testimony(from: Instant(-5), to: Instant(5)) == nil)
    #expect(witness.testimony(from: Instant(999_999_995), to: Instant(1_000_000_005)) == nil)
    let longer = try #require(witness.testimony(from: Instant(0), to: Instant(1_100_000_000)))
    #expect(longer.least == .milliseconds(20) && longer.most == .milliseconds(120))
  }

  @Test func `is within a budget of CPU time, as is one that slept`() throws {
    var budgets = budgets
    budgets.byCPUTime = true
    #expect(try breaches(trace(cpu: "0.530", voluntary: 12, involuntary: 9), budgets).isEmpty)
    #expect(
      try breaches(trace(cpu: "0.530", voluntary: 11, involuntary: 9), budgets).map(\.excuse) == [.noCPU, .noCPU])
    let found = try breaches(trace(cpu: "0.560", voluntary: 12, involuntary: 9), budgets)
    #expect(
      found.map(\.sentence) == [
        "query(_:) ran for 60.0 ms, more than 50.0 ms of CPU time",
        "loop main: a tick took 60.0 ms, more than 50.0 ms of CPU time",
      ])
    #expect(found.map(\.measured) == [.milliseconds(60), .milliseconds(60)])
  }

  @Test func `is judged by the clock where nothing tells its CPU time`() throws {
    let budgets = Budgets(maxCallback: .milliseconds(50), byCPUTime: true)
    let text = "1 1 poll-return ready=1\n1 1 begin span=1 site=2\n1 1.1 end span=1\n1 1.1 begin span=2 site=3"
    let found = try breaches(text, budgets, at: Instant(1_300_000_000))
    #expect(
      found.map(\.sentence) == [
        "render(_:) has been running for 200 ms, more than 50.0 ms (its CPU time was not recorded)",
        "query(_:) ran for 100 ms, more than 50.0 ms (its CPU time was not recorded)",
      ])
  }

  @Test func `does not hide the others of its site`() throws {
    let more = """

      1 2.000 poll-return ready=1
      1 2.000 begin span=5 site=2 kind=io
      1 2.060 end span=5
      1 2.070 poll-enter
      """
    let text = trace(cpu: "0.530", voluntary: 11, involuntary: 9).split(separator: "\n").dropLast().joined(
      separator: "\n")
    let found = try breaches(text + more, Budgets(maxCallback: .milliseconds(50)))
    #expect(found.map(\.excuse) == [.noCPU, nil])
    #expect(found.map(\.measured) == [.milliseconds(100), .milliseconds(60)])
  }
}

@Suite struct `A baseline` {
  /// Passes with a callback each that takes so many microseconds, the last of them so many more.
  private func trace(microseconds: Int, callbacks: Int = 200, slow: Int = 0, by extra: Int = 0) -> String {
    var lines = "1 1.000000000 loop-begin\n"
    var time = 1_000_000_000
    func add(_ line: String) {
      let fraction = String(time % 1_000_000_000 + 1_000_000_000).dropFirst()
      lines += "1 \(time / 1_000_000_000).\(fraction) \(line)\n"
    }
    for round in 0..<callbacks {
      add("poll-enter")
      time += 1_000_000
      add("poll-return ready=1")
      add("begin span=\(round * 4) kind=io trigger=poll site=2")
      time += microseconds * (900 + round * 7 % 200) + (round >= callbacks - slow ? extra * 1_000 : 0)
      add("end span=\(round * 4)")
      time += 1_000
    }
    return lines
  }

  private func breaches(_ before: String, _ after: String, worseThan share: Double = 0.1) throws -> [Breach] {
    Baseline(worseThan: share).breaches(in: Comparison(of: try analyze(before), with: try analyze(after)))
  }

  @Test func `is broken by what is worse by more than the share, beyond noise`() throws {
    let found = try breaches(trace(microseconds: 100), trace(microseconds: 150))
    #expect(found.map(\.excuse) == [nil, nil])
    #expect(
      found.map(\.sentence) == [
        "ticks: the 99th percentile rose from 111 µs to 166 µs, 50 % more, which is beyond noise",
        "query(_:) io: the median of its self time rose from 100 µs to 151 µs, 50 % more, which is beyond noise",
      ])
    #expect(found[1].site?.line == 42)
    #expect(try breaches(trace(microseconds: 100), trace(microseconds: 150), worseThan: 0.6).isEmpty)
    #expect(try breaches(trace(microseconds: 150), trace(microseconds: 100)).isEmpty)
  }

  @Test func `is broken by a tail that ranks do not show`() throws {
    let found = try breaches(
      trace(microseconds: 100, callbacks: 1_000), trace(microseconds: 100, callbacks: 1_000, slow: 30, by: 900))
    #expect(found.count == 2 && found.allSatisfy { $0.excuse == nil })
    #expect(
      found[1].sentence.hasPrefix("query(_:) io: the 99th percentile of its self time rose from 110 µs to 1.01 ms"))
  }

  @Test func `excuses what may be noise, or what is too little to tell`() throws {
    let noise = try breaches(trace(microseconds: 100), trace(microseconds: 100, slow: 3, by: 900))
    #expect(noise.map(\.excuse) == [.noise, .noise])
    #expect(noise[1].sentence.hasSuffix("% more, which may be noise"))
    let few = try breaches(trace(microseconds: 100, callbacks: 5), trace(microseconds: 200, callbacks: 5))
    #expect(few.map(\.excuse) == [.tooFew, .tooFew])
  }

  @Test func `is broken by a new finding, and by one that is found far more often`() throws {
    let slow = try breaches(trace(microseconds: 100), trace(microseconds: 100, slow: 1, by: 60_000))
    #expect(slow.first?.sentence.hasPrefix("blocking-callback is new: query(_:) blocked the loop for 60") == true)
    let counts = [1, 30, 3].map { trace(microseconds: 100, callbacks: 2_000, slow: $0, by: 60_000) }
    let often = try #require(try breaches(counts[0], counts[1]).first { $0.sentence.hasPrefix("blocking") })
    #expect(often.excuse == nil && often.sentence.hasSuffix("% more, which is beyond noise"))
    #expect(try breaches(counts[0], counts[2]).first { $0.sentence.hasPrefix("blocking") }?.excuse == .noise)
  }
}

@Suite struct `What chance makes` {
  @Test func `is as it is worked out by hand`() {
    // Two of four drawn, both marked ones: one way of six.
    #expect(abs(Chance.ofAtLeast(2, in: 2, marked: 2, of: 4) - 1.0 / 6) < 1e-12)
    #expect(abs(Chance.ofAtLeast(1, in: 2, marked: 2, of: 4) - 5.0 / 6) < 1e-12)
    #expect(Chance.ofAtLeast(0, in: 2, marked: 2, of: 4) > 1 - 1e-12)
    #expect(abs(Chance.ofAtLeast(3, of: 3, share: 0.5) - 1.0 / 8) < 1e-12)
    #expect(abs(Chance.ofAtLeast(2, of: 3, share: 0.5) - 1.0 / 2) < 1e-12)
    #expect(Chance.ofAtLeast(1, of: 1, share: 1) == 1)
  }
}
