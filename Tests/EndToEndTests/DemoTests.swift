import Glibc
import PostgreSQL
import Testing

/// The line of a file on which a text stands, as a site gives it.
func line(of text: String, in file: String, _ path: String = #filePath) -> Int {
  let root = path.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
  let lines = String(decoding: contents("\(root)/Sources/\(file)"), as: UTF8.self).split(
    separator: "\n", omittingEmptySubsequences: false)
  return (lines.firstIndex { $0.contains(text) } ?? -1) + 1
}

private let blockingSite =
  "Demos/BlockingQuery.swift:\(line(of: "permission.addCallback", in: "Demos/BlockingQuery.swift"))"
private let hungSite = "Demos/Hang.swift:\(line(of: "reactor.callLater", in: "Demos/Hang.swift"))"

extension EndToEnd {
  @Suite("Demos, in a real terminal and without") struct DemoTests {
    @Test func withoutAViewTheReportNamesTheBlockingQueryFirst() throws {
      let output = try run([Built.looptop, "demo", "blocking-query", "--seconds", "3", "--no-view"])
      #expect(output.status == 0)
      #expect(output.err == "")
      let findings = try #require(output.out.split(separator: "FINDINGS\n", maxSplits: 1).last)
      #expect(findings.split(separator: "\n")[0].hasSuffix("blocking-callback  \(blockingSite)"))
      #expect(findings.contains("yearlyReport(_:) blocked the loop"))
    }

    @Test func theFirstScreenShowsWhoBlocks() throws {
      let terminal = try Tmux("\(Built.looptop) demo blocking-query")
      // Full once every function has run; where the machine is slow the finding may be there before.
      let screen = try terminal.screen { $0.contains("blocked the loop") && $0.split(separator: "\n").count == 24 }
      #expect(screen.contains("WARNING yearlyReport(_:) \(blockingSite)"))
      #expect(screen.contains("blocked the loop"))
      // The worst callback stands first in the list, and a stall's mark in the timeline.
      let lines = screen.split(separator: "\n").map(String.init)
      let title = try #require(lines.firstIndex { $0.contains("function") })
      #expect(lines[title + 1].hasPrefix("! yearlyReport(_:)"))
      #expect(lines.contains { $0.hasPrefix("stall") && $0.contains("!") })
      #expect(lines.allSatisfy { $0.count <= 80 })
      #expect(lines.count == 24)
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func aHungCallbackIsShownAsRunningWithItsAgeCountingUp() throws {
      let terminal = try Tmux("\(Built.looptop) demo hang")
      let first = try terminal.screen { runningFor($0) != nil }
      #expect(first.contains("waitForReload(on:) \(hungSite)"))
      let age = try #require(runningFor(first))
      let later = try terminal.screen { runningFor($0) ?? 0 >= age + 2 }
      #expect(try #require(runningFor(later)) >= age + 2)
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func neverFiresNamesWhereTheDeferredWasCreated() throws {
      let output = try run([Built.looptop, "demo", "never-fires", "--seconds", "4", "--no-view"])
      let line = line(of: "let answer = Deferred", in: "Demos/NeverFires.swift")
      #expect(output.out.contains("error: never-settled  Demos/NeverFires.swift:\(line)"))
      #expect(output.out.contains("Deferreds created by state(of:)"))
    }

    @Test func theListSaysWhatThereIs() throws {
      let output = try run([Built.looptop, "demo", "--list"])
      let names = output.out.split(separator: "\n").compactMap { $0.split(separator: " ").first }
      #expect(
        names == [
          "healthy", "blocking-query", "thousand-cuts", "starvation", "late-timers", "spinning", "growing-queue",
          "saturated-pool", "never-fires", "dropped", "unhandled-failure", "waiting-cycle", "hang", "talk", "four-ways",
          "chat", "workers",
        ])
      let completions = try run(
        [Built.looptop, "---completion", "demo", "--", "positional@0", "2", "0"], environment: ["SAP_SHELL": "bash"])
      #expect(completions.out.split(separator: "\n") == names)
    }

    @Test(arguments: ["sqlite", "postgresql"]) func theTalkHangsInOneWayAndIsSmoothInTheOther(
      _ database: String
    ) throws {
      guard database == "sqlite" || PostgresServer.isInstalled else {
        return print("skipping the talk on PostgreSQL: \(PostgresServer.Failure.notInstalled)")
      }
      let folder = try TemporaryFolder()
      let output = try run([
        Built.looptop, "demo", "talk", "--database", database, "--seconds", "3", "--no-view", "-o",
        folder.file("talk.looptrace"),
      ])
      #expect(output.status == 0)
      #expect(output.err == "")
      let synchronous = try findings(folder.file("talk-synchronous.looptrace"))
      let onData = line(of: "connection.onData", in: "Demos/Talk.swift")
      #expect(synchronous.first?.hasPrefix("blocking-callback Demos/Talk.swift:\(onData) warning") == true)
      #expect(try findings(folder.file("talk-deferred.looptrace")) == [])
    }

    @Test func eachWayOfADemoHasTheScreenToItself() throws {
      let terminal = try Tmux("\(Built.looptop) demo talk")
      #expect(try terminal.screen(with: "blocked the loop").contains("talk synchronous"))
      try terminal.press("q")
      #expect(try terminal.screen(with: "talk deferred").contains("Callbacks"))
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func aDemoThatFailsSaysWhy() throws {
      let output = try run([Built.looptop, "demo", "talk", "--database", "host=/nowhere", "--no-view"])
      #expect(output.status == 125)
      #expect(
        output.err.hasPrefix("looptop: the demo talk failed; it said: looptop-demo: connection to server on socket"))
      let unknown = try run([Built.looptop, "demo", "talk", "--way", "sideways", "--no-view"])
      #expect(unknown.status == 2)
      #expect(unknown.err == "looptop: the demo talk has no way sideways; it has synchronous, deferred\n")
    }

    @Test(arguments: ["stand-in", "postgresql"]) func fourWaysLeavesItsTableAndFourTraces(_ database: String) throws {
      guard database == "stand-in" || PostgresServer.isInstalled else {
        return print("skipping four ways on PostgreSQL: \(PostgresServer.Failure.notInstalled)")
      }
      let folder = try TemporaryFolder()
      let program = "\(Built.looptop) demo four-ways --database \(database) --no-view -o \(folder.file("four"))"
      let output = try run(["/bin/sh", "-c", program])
      #expect(output.status == 0)
      #expect(output.err == "")
      let ways = ["synchronous", "threads", "processes", "event-loop"]
      let rows = output.out.split(separator: "\n").suffix(4).map { $0.split(separator: " ").map(String.init) }
      #expect(rows.map(\.first) == ways)
      for row in rows {
        #expect(row[2] == "requests/s" && row.contains("p50") && row.contains("p99") && row.contains("MiB"), "\(row)")
        #expect(Double(row[1]) ?? 0 > 0)
      }
      let loops = try ways.map { try loopCount(folder.file("four-\($0)")) }
      #expect(loops == [1, 8, 8, 1])
    }

    @Test(arguments: [("chat", 1, " says  completed"), ("workers", 4, "  job 1 ")]) func nothingIsWrongWith(
      _ name: String, loops: Int, chain: String
    ) throws {
      let folder = try TemporaryFolder()
      let file = folder.file("\(name).looptrace")
      let output = try run([Built.looptop, "demo", name, "--seconds", "3", "--no-view", "-o", file])
      #expect(output.status == 0)
      #expect(output.err == "")
      #expect(try findings(file) == [])
      #expect(try loopCount(file) == loops)
      #expect(output.out.contains(chain))
    }

    @Test(arguments: ["INT", "TERM"]) func aSignalEndsADemoInGoodOrderAndItsOtherProcessesToo(_ signal: String) throws {
      let folder = try TemporaryFolder()
      // The clients' process is the demo's child: nothing of it may be left when the demo has ended.
      let script = """
        LOOPTOP_DIR=\(folder.file("rings")) "\(Built.folder)/looptop-demo" workers & demo=$!
        while [ "$(pgrep -c -P $demo)" != 3 ]; do sleep 0.05; done
        children=$(pgrep -P $demo)
        kill -\(signal) $demo
        wait $demo
        echo "status $?"
        for child in $children; do kill -0 $child 2>/dev/null && echo "$child is left"; done
        true
        """
      #expect(try run(["/usr/bin/timeout", "60", "/bin/bash", "-c", script]).out == "status 0\n")
    }

    /// Those of severity warning or above, in the report's order: which, where, how bad.
    private func findings(_ file: String) throws -> [String] {
      let report = try run([Built.looptop, "report", file])
      let lines = report.out.split(separator: "\n").map(String.init)
      return lines.compactMap { line in
        let words = line.split { $0 == " " || $0 == ":" }
        guard let severity = words.first, ["warning", "error"].contains(severity), words.count > 2 else { return nil }
        return "\(words[1]) \(words[2]):\(words.dropFirst(3).first ?? "") \(severity)"
      }
    }

    private func loopCount(_ file: String) throws -> Int {
      let lines = try run([Built.looptop, "report", file]).out.split(separator: "\n", omittingEmptySubsequences: false)
      guard let title = lines.firstIndex(of: "LOOPS") else { return 0 }
      return lines[(title + 2)...].prefix { !$0.isEmpty }.count
    }

    @Test func keysLeadToEveryViewAndBack() throws {
      let terminal = try Tmux("\(Built.looptop) demo blocking-query")
      _ = try terminal.screen(with: "blocked the loop")
      try terminal.press("3")
      #expect(try terminal.screen(with: "[3 Stalls").contains("blocked by"))
      try terminal.press("Enter")
      #expect(try terminal.screen(with: "did not reach its poll").contains(blockingSite))
      try terminal.press("Escape", "4")
      #expect(try terminal.screen(with: "[4 Chains").contains("GET /"))
      try terminal.press("?")
      #expect(try terminal.screen(with: "Quit").contains("Pause"))
      try terminal.press("Escape", "Space")
      let paused = try terminal.screen(with: "PAUSED")
      #expect(paused.contains("PAUSED"))
      try terminal.resize(width: 120, height: 40)
      #expect(try terminal.screen { $0.split(separator: "\n").count == 40 }.contains("PAUSED"))
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    private func runningFor(_ screen: String) -> Double? {
      guard let text = screen.split(separator: "running for ", maxSplits: 1).dropFirst().first else { return nil }
      let words = text.split { $0 == " " || $0 == "\n" }
      guard words.count > 1, words[1].hasPrefix("s") else { return nil }
      return Double(words[0])
    }
  }
}

/// One after the other: each of them loads the machine, and some count seconds.
@Suite(.serialized) enum EndToEnd {}
