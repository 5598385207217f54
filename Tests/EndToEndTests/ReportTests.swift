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
          == JSONReport.render(report, path: file, details: JSONReport.Details(ledgers: ledgers)))
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

    @Test("Critical paths are as long as their chains, and their steps the chains' own", arguments: traces)
    func criticalPathsAddUp(file: String) throws {
      let store = try TraceStore(path: FilePath(file))
      var analyzer = Analyzer()
      var cursor = TraceStore.Cursor()
      while let batch = try store.next(&cursor) { analyzer.consume(batch, definitions: store.definitions) }
      let chains = analyzer.report(at: nil).chainList
      let waterfalls = try Waterfalls(of: chains, in: store)
      for chain in chains {
        let waterfall = try #require(waterfalls[chain.id])
        #expect(waterfall.criticalPath.reduce(.zero) { $0 + $1.length } == chain.duration)
        #expect(waterfall.steps.suffix(32).map(\.began) == chain.steps.suffix(32).map(\.began))
        #expect(waterfall.steps.suffix(32).map(\.site) == chain.steps.suffix(32).map(\.site))
        for (segment, next) in zip(waterfall.criticalPath, waterfall.criticalPath.dropFirst()) {
          #expect(segment.to == next.from)
        }
      }
    }

    @Test func aChainIsShownStepByStep() throws {
      let file = Self.traces[0]
      let named = try run([Built.looptop, "report", file, "--chain", "GET /report"]).out
      #expect(named.contains("\nCHAIN 1:11056  GET /report\n") && named.contains("  critical path"))
      #expect(named.contains("ran step 3, yearlyReport(_:)"))
      let one = try run([Built.looptop, "report", file, "--chain", "1:24418"]).out
      #expect(one.contains("CHAIN 1:24418  GET /report"))
      let json = try run([Built.looptop, "report", file, "--chain", "1:24418", "--json"]).out
      #expect(
        json.contains("\"critical_path\": [")
          && json.contains("\"triggered_by\": {\"site\": \"mayRead()\", \"step\": 1}"))
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

    @Test func aPartIsReportedByItself() throws {
      let file = Self.traces[0]
      let whole = try run([Built.looptop, "report", file])
      let same = ["--loop", "1", "--slow", "50ms", "--stalled", "1s"]
      #expect(try run([Built.looptop, "report", file] + same).out == whole.out)
      #expect(try run([Built.looptop, "report", file, "--slow", "10s"]).out.hasPrefix("Healthy"))
      let early = try run([Built.looptop, "report", file, "--since", "10ms", "--until", "200ms", "--json"])
      #expect(early.status == 0 && early.out.contains("\"duration_ns\": 1"))
      let within = try run([Built.looptop, "report", file, "--since", "1.9s", "--until", "2s"])
      #expect(within.out.hasPrefix("yearlyReport(_:) has been running for 100 ms and blocks the loop."))
      let site = try run([Built.looptop, "report", file, "--site", "yearlyReport"])
      #expect(site.out.contains("yearlyReport(_:)") && site.out.count < whole.out.count)
      #expect(try run([Built.looptop, "report", file, "--chain", "nobody"]).out.hasPrefix("Nothing is found wrong"))
    }

    @Test func aPartThatIsNotThereIsSaid() throws {
      let file = Self.traces[0]
      let loop = try run([Built.looptop, "report", file, "--loop", "nobody"])
      #expect(loop.status == 2 && loop.err.contains("there is no loop nobody; there are "))
      let late = try run([Built.looptop, "report", file, "--since", "1h"])
      #expect(late.status == 3 && late.err.contains("holds no event in that part"))
      #expect(try run([Built.looptop, "report", file, "--since", "2s", "--until", "1s"]).status == 2)
      #expect(try run([Built.looptop, "report", file, "--overview", "--site", "query"]).status == 2)
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
