import Analysis
import Testing
import Trace

@Suite struct Findings {
  @Test func `of blocking callbacks are one for each site, the running first, then by what they cost`() throws {
    let report = try report(
      """
      1 1.0 begin span=1 site=1 kind=io
      1 1.1 end span=1
      1 1.1 begin span=2 site=2 kind=io
      1 1.2 end span=2
      1 1.2 poll-enter
      1 2.0 poll-return ready=1
      1 2.0 begin span=3 site=2 kind=timer
      1 2.2 end span=3
      1 2.2 poll-enter
      1 3.0 poll-return ready=1
      1 3.0 begin span=4 site=3 kind=io
      1 4.5 end span=4
      1 4.5 begin span=5 site=4 kind=io
      # As long as the threshold is not longer.
      1 4.55 end span=5
      1 4.55 begin span=6 site=1 kind=io
      """, at: 4.7)
    #expect(
      report.findings.map(\.sentence) == [
        "accept(_:) has been running for 150 ms and blocks the loop, as it did once before.",
        "render(_:) blocked the loop for 1.50 s. It made 2 callbacks wait, 3.00 s in all.",
        "query(_:) blocked the loop twice, for up to 200 ms, 300 ms in all.",
      ])
    #expect(report.findings.map(\.severity) == [.error, .error, .warning])
    #expect(report.findings.map(\.moment.nanoseconds) == [4_550_000_000, 3_000_000_000, 2_000_000_000])
    #expect(
      report.findings[2].numbers == [
        "count": 2, "longest_ns": 200_000_000, "total_ns": 300_000_000, "harm_ns": 0, "harm_up_to_ns": 0, "victims": 0,
      ])
    #expect(report.findings.allSatisfy { !$0.advice.isEmpty })
  }

  @Test func `and lists begin with what may have cost others most, however little of it is certain`() throws {
    let report = try report(
      """
      1 1.0 poll-return ready=1
      1 1.0 begin span=1 site=2 kind=io trigger=poll
      1 1.5 end span=1
      1 1.5 poll-enter
      # Nobody knows since when they were ready.
      1 1.5 poll-return ready=2
      1 1.5 begin span=2 site=1 kind=io trigger=poll
      1 1.51 queued op=4 at=1.51 kind=ready site=1
      1 1.51 end span=2
      1 1.51 begin span=3 site=1 kind=io trigger=poll
      1 1.52 end span=3
      1 1.52 begin span=5 site=3 kind=ready
      1 1.62 end span=5
      1 1.62 begin span=6 site=1 kind=ready op=4
      1 1.63 end span=6
      1 1.63 poll-enter
      """)
    let slow = report.sites.prefix(2)
    #expect(slow.map(\.site.function) == ["query(_:)", "render(_:)"])
    #expect(slow.map(\.harm) == [.zero, .milliseconds(100)])
    #expect(slow.map(\.harmUpTo) == [.seconds(1), .milliseconds(100)])
    #expect(report.stalls.map(\.site.function) == ["query(_:)", "render(_:)"])
    #expect(report.findings.map(\.site.function) == ["query(_:)", "render(_:)"])
  }

  @Test func `follow the thresholds`() throws {
    let text = """
      1 1.000 begin span=1 site=2 kind=io starts-chain
      1 1.000 created op=2 kind=deferred site=4 chain=1
      1 1.020 end span=1
      1 1.020 poll-enter
      """
    #expect(try report(text, at: 1.9).findings.isEmpty)
    let strict = Thresholds(slow: .milliseconds(10), stalled: .milliseconds(500))
    #expect(
      try report(text, at: 1.9, thresholds: strict).findings.map(\.id) == [
        "never-settled", "blocking-callback", "stalled-chain",
      ])
  }

  @Test func `of many alike are one`() throws {
    let requests = (1...12).map { index in
      """
      1 \(index) poll-return ready=1
      1 \(index) begin span=\(index * 10) site=1 kind=io starts-chain
      1 \(index) created op=\(index * 10 + 1) kind=deferred site=4 chain=\(index * 10)
      1 \(index) end span=\(index * 10)
      1 \(index) poll-enter

      """
    }
    let report = try report(requests.joined(), at: 20)
    #expect(
      report.findings.map(\.sentence) == [
        "12 Deferreds created by retry(_:) have been pending for up to 19.0 s; nobody is known to settle them.",
        "12 chains are stalled, waiting for a Deferred created by retry(_:); the oldest, accept(_:), began 19.0 s ago.",
      ])
    #expect(report.findings.map(\.count) == [12, 12])
    #expect(report.chains.stalled == 12)
  }

  @Test func `are none in a healthy trace`() throws {
    let requests = (1...50).map { index in
      """
      1 \(index).00 poll-return ready=1
      1 \(index).00 begin span=\(index * 10) site=1 kind=io trigger=poll starts-chain
      1 \(index).00 chain-named chain=\(index * 10 + 1) name="GET /users"
      1 \(index).00 created op=\(index * 10 + 2) kind=thread site=2 chain=\(index * 10 + 1) by=\(index * 10)
      1 \(index).01 end span=\(index * 10)
      1 \(index).01 poll-enter
      1 \(index).90 poll-return ready=1
      1 \(index).90 queued op=\(index * 10 + 2) at=\(index).89 kind=thread trigger=thread chain=\(index * 10 + 1)
      1 \(index).90 settled op=\(index * 10 + 2) outcome=success
      1 \(index).90 begin span=\(index * 10 + 3) site=3 kind=thread trigger=thread op=\(index * 10 + 2)
      1 \(index).91 end span=\(index * 10 + 3)
      1 \(index).91 poll-enter

      """
    }
    let report = try report(
      "1 0 loop-begin\n1 0 created op=1 kind=listener site=1 standing fd=3\n1 0 poll-enter\n" + requests.joined())
    #expect(report.findings.isEmpty && report.stalls.isEmpty && report.anomalies.isEmpty)
    #expect(report.chains.completed == 50 && report.chains.failed == 0 && report.chains.inFlight == 0)
  }
}
