import Glibc
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
      let screen = try terminal.screen(with: "blocked the loop")
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
