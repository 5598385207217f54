import Analysis
import SystemPackage
import Testing
import Trace
import TraceStore

extension EndToEnd {
  @Suite("Reports of files") struct ReportTests {
    private static let traces = ["blocking-query", "hang", "healthy", "never-fires"].map { name in
      #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/traces/\(name).looptrace"
    }

    @Test("What two threads make of a trace is what one makes of it", arguments: traces)
    func theReportIsThatOfOneThread(file: String) throws {
      let store = try TraceStore(path: FilePath(file))
      var analyzer = Analyzer(thresholds: Thresholds())
      var cursor = TraceStore.Cursor()
      while let batch = try store.next(&cursor) { analyzer.consume(batch, definitions: store.definitions) }
      let report = analyzer.report(at: nil)
      let ledgers = try Ledgers(
        in: store, of: .chains(Set(report.chainList.map(\.id))),
        within: report.chainList.map { $0.began...$0.began + $0.duration })
      #expect(try run([Built.looptop, "report", file]).out == TextReport.render(report))
      #expect(
        try run([Built.looptop, "report", "--json", file]).out
          == JSONReport.render(report, path: file, ledgers: ledgers))
    }

    @Test("What callbacks waited for adds up to the nanosecond, in all and in each", arguments: traces)
    func everyWaitIsCharged(file: String) throws {
      let store = try TraceStore(path: FilePath(file))
      var analyzer = Analyzer()
      var cursor = TraceStore.Cursor()
      while let batch = try store.next(&cursor) { analyzer.consume(batch, definitions: store.definitions) }
      let report = analyzer.report(at: nil)
      for loop in report.loops {
        #expect(loop.delayShares.total > .zero)
        #expect(loop.delayShares.sum == loop.delayShares.total)
        #expect(report.sites.reduce(.zero) { $0 + $1.harm } == loop.delayShares.others)
        let ledgers = try Ledgers(
          in: store, of: .interval(loop.info.id, from: report.trace.from, to: report.trace.to),
          within: [report.trace.from...report.trace.to])
        #expect(ledgers.all.count > 1_000)
        for ledger in ledgers.all {
          let named = ledger.charges.reduce(ledger.ownChain) { $0 + $1.time }
          #expect(named + ledger.poll + ledger.overhead + ledger.gap + ledger.unknown == ledger.delay)
        }
      }
      for chain in report.chainList { #expect(chain.running + chain.queued + chain.waiting == chain.duration) }
    }

    @Test func theOverviewIsATableOverTime() throws {
      let store = try TraceStore(path: FilePath(Self.traces[1]))
      let overview = OverviewReport.render(
        store.overview(slices: OverviewReport.rows), bytes: store.diagnostics.bytes)
      #expect(try run([Built.looptop, "report", "--overview", Self.traces[1]]).out == overview)
      // It hangs at its end.
      let last = try #require(overview.split(separator: "\n").last?.split(separator: " "))
      #expect(last.contains("100"))
      #expect(last.last == "s")
    }

    @Test func progressIsForTerminalsAndLeavesNothingBehind() throws {
      let file = Self.traces[0]
      #expect(try run([Built.looptop, "report", file]).err == "")
      let folder = try TemporaryFolder()
      let typescript = folder.file("typescript")
      let command = "'\(Built.looptop)' report '\(file)' >/dev/null"
      #expect(try run(["script", "--quiet", "--return", "--command", command, typescript]).status == 0)
      let said = String(decoding: contents(typescript), as: UTF8.self)
      #expect(said.contains("\r100 %\r     "))
    }
  }
}
