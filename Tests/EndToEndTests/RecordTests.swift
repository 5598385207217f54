import Glibc
import Testing

extension EndToEnd {
  @Suite("What is recorded is what is shown") struct RecordTests {
    @Test func aKilledProgramLeavesEverythingUpToTheKill() throws {
      let folder = try TemporaryFolder()
      let trace = folder.file("killed.looptrace")
      let record = try Running([Built.looptop, "record", "-o", trace, "--", Built.demo, "blocking-query"])
      // Its loop is listed while it is recorded, and may be attached to at the same time.
      let pid = try #require(try eventually { try listed("blocking-query") })
      let terminal = try Tmux("\(Built.looptop) attach \(pid)")
      _ = try terminal.screen(with: "blocked the loop")
      kill(pid, SIGKILL)
      #expect(record.wait() == 128 + SIGKILL)

      let report = try run([Built.looptop, "report", trace])
      let json = try run([Built.looptop, "report", "--json", trace]).out
      #expect(report.out.contains("yearlyReport(_:)"))
      let callbacks = try #require(number("callbacks", in: json))
      let stalls = json.components(separatedBy: #""ended":"#).count - 1

      // The live screen as it stands after the kill, and the replay, count the same.
      let live = try settled(terminal)
      try terminal.press("q")
      let replay = try Tmux("\(Built.looptop) replay \(trace)")
      let replayed = try replay.screen { $0.contains("REPLAY") && !$0.contains("LOADING") }
      #expect(tabs(live) == tabs(replayed))
      #expect(lists(live) == lists(replayed))
      #expect(tabs(replayed).contains("3 Stalls \(stalls)"))
      #expect(callbacks > 100)
      let counted = try sum(ofCountsIn: replay)
      #expect(counted == callbacks)
    }

    @Test func attachingLaterShowsThePast() throws {
      let folder = try TemporaryFolder()
      let demo = try Running([Built.demo, "healthy"], environment: ["LOOPTOP_DIR": folder.path])
      defer {
        demo.signal(SIGKILL)
        _ = demo.wait()
      }
      _ = eventually { folder.hasRing ? true : nil }
      sleep(4)
      let terminal = try Tmux(
        "\(Built.looptop) attach \(demo.pid)", environment: ["LOOPTOP_DIR": folder.path])
      let screen = try terminal.screen(with: "LIVE")
      // The span of time on the first line: four seconds before anybody looked.
      let seconds = try #require(screen.split(separator: "\n")[0].split(separator: ":").last.flatMap { Double($0) })
      #expect(seconds > 3.5)
    }

    @Test func aProgramsOwnStatusIsReturned() throws {
      let folder = try TemporaryFolder()
      #expect(try run([Built.looptop, "record", "-o", folder.file("a"), "--", "sh", "-c", "exit 7"]).status == 7)
      let missing = try run([Built.looptop, "record", "-o", folder.file("b"), "--", "no-such-program"])
      #expect(missing.status == 127)
      #expect(missing.err == "looptop: no-such-program cannot be started: there is no program of that name\n")
      #expect(contents(folder.file("b")) == [])
    }

    @Test func processesThatForkInMidFlightAreInOneTrace() throws {
      let folder = try TemporaryFolder()
      let trace = folder.file("forks.looptrace")
      let child = Built.folder + "/RecorderChild"
      let record = try run([
        Built.looptop, "record", "-o", trace, "--", "/bin/sh", "-c", "exec \(child) fork \"$LOOPTOP_DIR\"",
      ])
      #expect(record.status == 0)
      #expect(try run([Built.looptop, "verify", trace]).out.hasPrefix("whole: "))
      let text = try run([Built.looptop, "export", "--to", "text", trace]).out.split(separator: "\n")
      #expect(text.count { $0.hasPrefix("process ") } == 3)
      #expect(text.count { $0.hasPrefix("loop ") } == 3)
      for mark in ["parent", "child", "grandchild"] {
        #expect(text.count { $0.hasSuffix(" mark text=\"\(mark)\"") } == 1)
      }
      #expect(!text.contains { $0.contains("lost: ") })
    }

    @Test func anExistingFileIsNotReplacedUnlessToldSo() throws {
      let folder = try TemporaryFolder()
      let file = folder.write("precious", Array("precious".utf8))
      let refused = try run([Built.looptop, "record", "-o", file, "--", Built.demo, "healthy", "--seconds", "0.1"])
      #expect(refused.status == 2)
      #expect(refused.err == "looptop: \(file) is there already; --force replaces it, -o names another\n")
      #expect(contents(file) == Array("precious".utf8))
      let forced = try run([
        Built.looptop, "record", "--force", "-o", file, "--", Built.demo, "healthy", "--seconds", "0.5",
      ])
      #expect(forced.status == 0)
      #expect(try run([Built.looptop, "verify", file]).out.hasPrefix("whole: "))
    }

    /// The pid of the running program whose only loop has this name.
    private func listed(_ loop: String) throws -> Int32? {
      let lines = try run([Built.looptop, "list"]).out.split(separator: "\n").map { $0.split(separator: " ") }
      return lines.first { $0.count > 3 && $0[1] == "running" && $0[3] == loop }.flatMap { Int32($0[0]) }
    }

    /// The screen once it no longer changes.
    private func settled(_ terminal: Tmux) throws -> String {
      var last = try terminal.screen()
      return try terminal.screen { screen in
        defer { last = screen }
        return screen == last && screen.contains("REPLAY")
      }
    }

    /// The line of views, with how much each holds.
    private func tabs(_ screen: String) -> String {
      screen.split(separator: "\n").first { $0.contains("1 Ticks") }.map(String.init) ?? ""
    }

    /// The first view's list of callbacks.
    private func lists(_ screen: String) -> [Substring] {
      let lines = screen.split(separator: "\n")
      return Array(lines.drop { !$0.contains("function") }.dropLast())
    }

    /// What the callbacks' counts add up to.
    private func sum(ofCountsIn terminal: Tmux) throws -> Int {
      try terminal.press("2")
      let screen = try terminal.screen(with: "[2 Callbacks")
      let lines = screen.split(separator: "\n")
      let title = try #require(lines.first { $0.contains("count") })
      let end = title.distance(from: title.startIndex, to: title.ranges(of: "count")[0].upperBound)
      return lines.drop { !$0.contains("count") }.dropFirst().compactMap { row -> Int? in
        guard row.count >= end else { return nil }
        return Int(row.prefix(end).split(separator: " ").last!.filter { $0 != "," })
      }.reduce(0, +)
    }

    private func number(_ key: String, in json: String) -> Int? {
      guard let text = json.components(separatedBy: "\"\(key)\":").dropFirst().first else { return nil }
      return Int(text.drop { $0 == " " }.prefix { $0.isNumber })
    }
  }
}

extension TemporaryFolder {
  /// Whether a ring stands in it.
  var hasRing: Bool { !rings.isEmpty }

  /// The names of the rings in it.
  var rings: [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(".ring") { names.append(name) }
    }
    return names
  }
}

extension String {
  /// The parts between a separator's occurrences.
  func components(separatedBy separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
