import Analysis
import SystemPackage
import Testing
import Trace
import TraceStore

/// A demo of something wrong: what its report has to find, and the line of its file that it has to name.
private struct Wrong: CustomTestStringConvertible, Sendable {
  var demo: String
  var finding: String
  var file: String
  var function: String
  /// As it stands there now; a recording has the line on which it stood.
  var line: Int
  var testDescription: String { demo }

  init(_ demo: String, _ finding: String, in file: String, _ function: String, line text: String) {
    self.demo = demo
    self.finding = finding
    self.file = "Demos/\(file).swift"
    self.function = function
    line = EndToEndTests.line(of: text, in: self.file)
  }

  static let all = [
    Wrong(
      "blocking-query", "blocking-callback", in: "BlockingQuery", "yearlyReport(_:)", line: "permission.addCallback"),
    Wrong("thousand-cuts", "tick-over-budget", in: "ThousandCuts", "publish()", line: "reactor.callSoon"),
    Wrong("starvation", "starvation", in: "Starvation", "index(from:)", line: "loop.callSoon"),
    Wrong("late-timers", "late-timers", in: "LateTimers", "ping(_:)", line: "loop.callLater"),
    Wrong("spinning", "spinning-loop", in: "Spinning", "start()", line: "onReadable"),
    Wrong("growing-queue", "growing-queue", in: "GrowingQueue", "deliver(_:)", line: "return reactor.callSoon"),
    Wrong("saturated-pool", "saturated-pool", in: "SaturatedPool", "original()", line: "reactor.inThread"),
    Wrong("never-fires", "never-settled", in: "NeverFires", "state(of:)", line: "let answer = Deferred"),
    Wrong("dropped", "dropped-operation", in: "Dropped", "price(of:)", line: "let answer = Deferred"),
    Wrong(
      "unhandled-failure", "unhandled-failure", in: "UnhandledFailure", "note(_:)", line: "    server.reactor.inThread"),
    Wrong("waiting-cycle", "waiting-cycle", in: "WaitingCycle", "compose(_:)", line: "text(of: name).addCallback"),
    Wrong("hang", "blocking-callback", in: "Hang", "waitForReload(on:)", line: "reactor.callLater"),
  ]

  /// Those of which other tests run nothing live.
  static let others = all.filter { !["blocking-query", "never-fires", "hang"].contains($0.demo) }
}

extension EndToEnd {
  @Suite("What is wrong with a demo is found, and nothing else") struct DemoFindingsTests {
    @Test(arguments: Wrong.all) fileprivate func inItsRecording(_ wrong: Wrong) throws {
      let findings = try findings(of: wrong.demo)
      #expect(
        findings.filter { $0.severity > .info }.map(\.place) == ["\(wrong.finding) \(wrong.function) \(wrong.file)"])
      // What follows from it is said to.
      #expect(findings.filter { $0.severity == .info }.allSatisfy { $0.causedBy == wrong.finding })
    }

    @Test func inTheHealthyOneIsNothing() throws {
      #expect(try findings(of: "healthy").isEmpty)
    }

    @Test(arguments: Wrong.others) fileprivate func live(_ wrong: Wrong) throws {
      let output = try run([Built.looptop, "demo", wrong.demo, "--seconds", "3.9", "--no-view"])
      #expect(output.status == 0)
      #expect(output.err == "")
      let severity = wrong.finding == "waiting-cycle" ? "error" : "warning"
      #expect(output.out.contains("  \(severity): \(wrong.finding)  \(wrong.file):\(wrong.line)\n"))
    }

    @Test func everyKindOfFindingHasItsDemo() {
      // One that follows from another has none of its own.
      let known = Set(Wrong.all.map(\.finding) + ["stalled-chain"])
      #expect(known == Set(Budgets.findings))
    }

    private func findings(of demo: String) throws -> [Finding] {
      let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
      let store = try TraceStore(path: FilePath("\(root)/traces/\(demo).looptrace"))
      var analyzer = Analyzer(thresholds: Thresholds())
      var cursor = TraceStore.Cursor()
      while let batch = try store.next(&cursor) { analyzer.consume(batch, definitions: store.definitions) }
      return analyzer.report(at: nil).findings
    }
  }
}

extension Finding {
  fileprivate var place: String { "\(id) \(site.function) \(site.file)" }
}
