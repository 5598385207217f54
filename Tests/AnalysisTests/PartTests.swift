import Testing
import Trace

@testable import Analysis

/// Two requests: one that blocks for 200 ms at 1.1 s, one that waits for ever from 1.5 s on; and another loop.
private let trace = #"""
  1 1.000 loop-begin
  1 1.000 poll-enter
  1 1.100 poll-return ready=1
  1 1.100 begin span=3 kind=io trigger=poll site=2 starts-chain
  1 1.100 chain-named chain=4 name="GET /users"
  1 1.300 end span=3
  1 1.301 poll-enter
  1 1.500 poll-return ready=1
  1 1.500 begin span=8 kind=io trigger=poll site=3 starts-chain
  1 1.500 chain-named chain=9 name="GET /stuck"
  1 1.500 created op=10 kind=deferred site=4 chain=9 by=8
  1 1.510 end span=8
  1 1.510 poll-enter
  1 9.000 poll-return ready=0
  1 9.000 poll-enter
  """#

@Suite struct `A part of a trace` {
  private func sites(_ report: Report) -> [String] { report.sites.map(\.site.function) }

  private func report(of part: TracePart, at now: Instant? = nil) throws -> Report {
    let (definitions, batches) = try TraceText.parse(
      """
      looptop-text 1
      process 1 pid=4711 started=99 command="server" runtime="looptop-reactor 1"
      loop 1 process=1 name="main" thread=4711 poll=epoll
      loop 2 process=1 name="second" thread=4712 poll=epoll
      site 1 "accept(_:)" "Server/Server.swift" 10
      site 2 "query(_:)" "Server/Users.swift" 42
      site 3 "render(_:)" "Server/Users.swift" 57
      site 4 "retry(_:)" "Server/Retry.swift" 7

      """ + trace + """

        2 1.200 loop-begin
        2 1.200 begin span=1 kind=ready trigger=callback site=1
        2 1.210 settled op=1:10 outcome=success
        2 1.210 end span=1
        """)
    var analyzer = Analyzer()
    for batch in batches { analyzer.consume(part.cut(batch), definitions: definitions) }
    return analyzer.report(at: now)
  }

  @Test func `holds what happened in its time`() throws {
    let late = try report(of: TracePart(from: Instant(1_400_000_000), loops: [LoopID(1)]))
    #expect(sites(late) == ["render(_:)"] && late.stallCount == 0 && late.anomalies.isEmpty)
    #expect(late.trace.from == Instant(1_500_000_000))
    let early = try report(of: TracePart(to: Instant(1_400_000_000), loops: [LoopID(1)]))
    #expect(sites(early) == ["query(_:)"] && early.stallCount == 1 && early.operations.created == 0)
  }

  @Test func `is judged at its end`() throws {
    let end = Instant(1_200_000_000)
    let report = try report(of: TracePart(to: end, loops: [LoopID(1)]), at: end)
    #expect(report.stalls.map(\.ended) == [false] && report.stalls[0].duration == .milliseconds(100))
  }

  @Test func `holds its loops, and does not wonder about what others know`() throws {
    let report = try report(of: TracePart(loops: [LoopID(2)]))
    #expect(sites(report) == ["accept(_:)"] && report.loops.map(\.info.name) == ["second"])
    #expect(report.anomalies.isEmpty)
  }

  @Test func `is the whole where nothing is left out`() throws {
    #expect(TracePart().isWhole && !TracePart(to: Instant(5)).isWhole)
    #expect(try report(of: TracePart()).loops.count == 2)
  }
}

@Suite struct `Rows about one thing` {
  @Test func `are those of a site by its function or file`() throws {
    let all = try report(trace)
    let query = all.only(site: "query")
    #expect(query.sites.map(\.site.function) == ["query(_:)"] && query.stalls.count == 1)
    #expect(query.findings.map(\.id) == ["blocking-callback"] && query.chainList.map(\.name) == ["GET /users"])
    let retry = all.only(site: "Retry.swift")
    #expect(retry.sites.isEmpty && retry.stallCount == 0 && retry.chainList.map(\.name) == ["GET /stuck"])
    #expect(retry.findings.map(\.id).contains("never-settled"))
  }

  @Test func `are those of the chains of a name`() throws {
    let stuck = try report(trace).only(chain: "/stuck")
    #expect(stuck.chainList.map(\.name) == ["GET /stuck"] && stuck.stalls.isEmpty)
    #expect(stuck.sites.map(\.site.function) == ["render(_:)"])
    #expect(!stuck.findings.contains { $0.id == "blocking-callback" })
  }

  @Test func `do not say that all is well`() throws {
    let nothing = TextReport.render(try report(trace).only(site: "nowhere"), about: "site nowhere")
    #expect(nothing.hasPrefix("Nothing is found wrong with site nowhere.\n"))
  }
}
