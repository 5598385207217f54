import Analysis
import Foundation
import Testing

private let root = String(#filePath.prefix(#filePath.count - "/Tests/EndToEndTests/GoldenTests.swift".count))
private let recordings = [
  "healthy", "blocking-query", "thousand-cuts", "starvation", "late-timers", "spinning", "growing-queue",
  "saturated-pool", "never-fires", "dropped", "unhandled-failure", "waiting-cycle", "hang",
]

/// Those of which everything can be told in a moment, without optimization too.
private let smallRecordings = recordings.filter { !["spinning", "growing-queue"].contains($0) }

/// Compares with a file in Baselines, or writes it where it is not there yet or `LOOPTOP_RECORD_BASELINES` says so.
private func expect(_ text: String, isBaseline name: String, at location: SourceLocation = #_sourceLocation) {
  let path = "\(root)/Tests/EndToEndTests/Baselines/\(name)"
  let known = String(decoding: contents(path), as: UTF8.self)
  if known.isEmpty || getenv("LOOPTOP_RECORD_BASELINES") != nil {
    let stream = fopen(path, "w")!
    fputs(text, stream)
    fclose(stream)
    Issue.record("recorded a new baseline: \(name)", sourceLocation: location)
  } else {
    #expect(text == known, sourceLocation: location)
  }
}

extension EndToEnd {
  @Suite("Golden: the recordings in traces/") struct GoldenTests {
    @Test(arguments: recordings) func theReport(_ name: String) throws {
      let output = try run([Built.looptop, "report", "\(root)/traces/\(name).looptrace"])
      #expect(output.status == 0)
      #expect(output.err == "")
      expect(output.out, isBaseline: "\(name).report.txt")
    }

    @Test(arguments: smallRecordings) func theReportForScripts(_ name: String) throws {
      let output = try run([Built.looptop, "report", "--json", "\(root)/traces/\(name).looptrace"])
      #expect(output.status == 0)
      expect(output.out.replacingOccurrences(of: root + "/", with: ""), isBaseline: "\(name).report.json")
      let json = try #require(JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any])
      let problems = Contract.problems(json)
      #expect(problems == [])
    }

    @Test(arguments: recordings) func theCheck(_ name: String) throws {
      let budgets = ["--max-callback", "50ms", "--max-tick", "60ms", "--max-lag-p99", "20ms"]
      let output = try run(
        [Built.looptop, "check", "\(root)/traces/\(name).looptrace", "--allow-gaps"] + budgets
          + Budgets.findings.flatMap { ["--no", $0] })
      #expect(output.status == (name == "healthy" ? 0 : 1))
      #expect(output.err == "")
      expect(output.out, isBaseline: "\(name).check.txt")
    }

    @Test(arguments: [
      (
        "findings",
        "SELECT f.id, severity, function, line, count, caused_by FROM findings f LEFT JOIN sites s ON s.id = site",
        recordings
      ),
      (
        "stalls",
        "SELECT begin_ns, duration_ns, function, callbacks, cause, harm_ns FROM stalls LEFT JOIN sites s "
          + "ON s.id = site ORDER BY begin_ns", ["blocking-query", "thousand-cuts", "starvation", "hang"]
      ),
      ("harm", "SELECT * FROM harm", ["healthy", "blocking-query", "starvation", "late-timers"]),
    ]) func theQuery(_ name: String, question: String, of recordings: [String]) throws {
      let answers = try recordings.map { recording in
        let output = try run([Built.looptop, "query", "\(root)/traces/\(recording).looptrace", question])
        #expect(output.status == 0)
        #expect(output.err == "")
        return "\(recording)\n\(output.out)"
      }
      expect(answers.joined(separator: "\n"), isBaseline: "\(name).query.txt")
    }

    @Test(arguments: ["blocking-query", "thousand-cuts", "never-fires", "dropped"]) func theDifference(
      _ name: String
    ) throws {
      let files = ["healthy", name].map { "\(root)/traces/\($0).looptrace" }
      let output = try run([Built.looptop, "diff"] + files)
      #expect(output.status == 0 && output.err == "")
      expect(output.out, isBaseline: "healthy-\(name).diff.txt")
      let json = try run([Built.looptop, "diff", "--json"] + files)
      #expect(json.status == 0)
      expect(json.out.replacingOccurrences(of: root + "/", with: ""), isBaseline: "healthy-\(name).diff.json")
      #expect(try JSONSerialization.jsonObject(with: Data(json.out.utf8)) is [String: Any])
      let same = try run([Built.looptop, "diff", files[0], files[0]])
      #expect(same.status == 0 && same.out.hasPrefix("No difference beyond chance."))
      #expect(try run([Built.looptop, "diff", files[0], "/nowhere"]).status == 3)
    }

    @Test(arguments: ["healthy", "blocking-query", "never-fires", "hang"]) func theFirstScreen(_ name: String) throws {
      let terminal = try Tmux("\(Built.looptop) replay \(root)/traces/\(name).looptrace")
      expect(try painted(terminal, " REPLAY ", "q Quit"), isBaseline: "\(name).screen.txt")
    }

    @Test func severalRecordingsOnOneScreen() throws {
      let files = ["healthy", "blocking-query", "thousand-cuts"].map { "\(root)/traces/\($0).looptrace" }
      let terminal = try Tmux("\(Built.looptop) replay --compare \(files.joined(separator: " "))")
      #expect(try terminal.screen(with: "each trace begins at 0:00").contains("Loops side by side"))
      try terminal.press("Down")
      expect(try painted(terminal, "Loops side by side", "q Quit"), isBaseline: "side-by-side.screen.txt")
      try terminal.press("1")
      expect(try painted(terminal, "3 th", "1 of"), isBaseline: "several.screen.txt")
      // What is looked into lies in one of the files.
      try terminal.press("4", "f")
      try terminal.write("loop:2")
      try terminal.press("Enter", "Enter")
      _ = try painted(terminal, "ran step 3, yearlyReport(_:)", "q Quit")
    }

    @Test func everyViewOfARecording() throws {
      let terminal = try Tmux("\(Built.looptop) replay \(root)/traces/blocking-query.looptrace")
      _ = try painted(terminal, " REPLAY ", "q Quit")
      try terminal.press("2", "Enter")
      expect(try painted(terminal, "Worst runs", "q Quit"), isBaseline: "details-of-a-callback.screen.txt")
      try terminal.press("Escape", "3", "Enter")
      expect(
        // Those that waited are counted below the screen's end, once they are found.
        try painted(terminal, "did not reach its poll", "1-18 of 26"), isBaseline: "details-of-a-stall.screen.txt")
      try terminal.press("Escape", "4", "Enter")
      expect(try painted(terminal, "Steps", "q Quit"), isBaseline: "details-of-a-chain.screen.txt")
      try terminal.press("5")
      expect(try painted(terminal, "descriptors are ready", "q Quit"), isBaseline: "loop.screen.txt")
      try terminal.press("1", "n")
      expect(try painted(terminal, "a column", "q Quit"), isBaseline: "close-up.screen.txt")
      try terminal.press("6", "Enter")
      expect(try painted(terminal, "See it", "q Quit"), isBaseline: "details-of-a-finding.screen.txt")
    }

    @Test func inMonochromeNothingRestsOnColour() throws {
      let terminal = try Tmux(
        "\(Built.looptop) replay --theme mono \(root)/traces/blocking-query.looptrace", terminal: "xterm-256color")
      _ = try painted(terminal, " REPLAY ", "q Quit")
      try terminal.press("3", "Down")
      _ = try painted(terminal, "[3 Stalls 4]", "2 of 4")
      expect(try terminal.styledScreen(), isBaseline: "stalls.mono.txt")
      #expect(try terminal.colors() == false)
    }

    /// The screen once it shows a thing, and the footer, which is painted last.
    private func painted(_ terminal: Tmux, _ thing: String, _ footer: String) throws -> String {
      // Twice the same: a frame may have reached the terminal only in part.
      var before = ""
      return try terminal.screen { screen in
        defer { before = screen }
        return screen == before && screen.contains(thing) && screen.contains(footer) && !screen.contains("LOADING")
          && !screen.contains("looking")
      }
    }

    @Test func theirSizesStayUnderAMegabyte() {
      for name in recordings { #expect(contents("\(root)/traces/\(name).looptrace").count < 1 << 20) }
    }

    @Test(arguments: smallRecordings) func theTextFormIsReadBackTheSame(
      _ name: String
    ) throws {
      let output = try run([Built.looptop, "export", "\(root)/traces/\(name).looptrace", "--to", "text"])
      #expect(output.status == 0)
      let verify = try run([Built.looptop, "verify", "\(root)/traces/\(name).looptrace"])
      let events = output.out.split(separator: "\n").filter { $0.first?.isNumber == true }.count
      #expect(verify.out.hasPrefix("whole: \(events) events"))
    }
  }
}

/// The JSON of `report` as its readers rely on it: schema 1.
private enum Contract {
  /// What is not as the contract says, by where.
  static func problems(_ json: [String: Any]) -> [String] {
    var found: [String] = []
    check(json, report, "", &found)
    return found
  }

  indirect enum Shape: Sendable {
    case number, text, flag
    case optional(Shape)
    case choice([String])
    case list(Shape)
    case object([String: Shape])
    case numbers
  }

  private static let percentiles = Shape.optional(
    .object(["p50": .number, "p90": .number, "p99": .number, "max": .number]))
  private static let pending = Shape.optional(.numbers)
  private static let report = Shape.object([
    "schema": .number,
    "trace": .object([
      "path": .text, "duration_ns": .number, "started_at": .optional(.text), "events": .number, "complete": .flag,
      "gaps": .list(
        .object([
          "loop": .number, "from_ns": .number, "to_ns": .number, "events": .optional(.number), "why": .text,
        ])),
    ]),
    "processes": .list(.object(["pid": .number, "command": .text, "runtime": .text])),
    "loops": .list(
      .object([
        "id": .number, "pid": .number, "name": .text, "ticks": .number, "busy_ns": .number, "idle_ns": .number,
        "on_cpu_ns": .optional(.number), "utilization": .optional(.number), "tick_ns": percentiles,
        "lag_ns": percentiles, "queue_delay_ns": percentiles,
      ])),
    "callbacks": .number,
    "sites": .list(
      .object([
        "site": .text, "file": .text, "line": .optional(.number), "kind": .text, "count": .number,
        "total_ns": .number, "self_ns": .number, "p50_ns": .optional(.number), "p99_ns": .optional(.number),
        "max_ns": .number, "slow": .number, "harm_ns": .optional(.number), "harm_up_to_ns": .optional(.number),
        "victims": .optional(.number),
      ])),
    "stalls": .list(
      .object([
        "loop": .number, "begin_ns": .number, "duration_ns": .number, "ended": .flag, "site": .text, "file": .text,
        "line": .optional(.number),
        "cause": .choice(["computing", "syscall", "lock", "cpu-wait", "page-fault", "suspended", "unknown"]),
        "detail": .optional(.text), "stack": .list(.text), "victims": .optional(.number),
        "harm_ns": .optional(.number), "harm_up_to_ns": .optional(.number),
      ])),
    "operations": .object([
      "created": .number, "succeeded": .number, "failed": .number, "cancelled": .number, "dropped": .number,
      "pending": .number,
    ]),
    "chains": .object([
      "completed": .number, "failed": .number, "in_flight": .number, "waiting": .number, "stalled": .number,
      "slowest": .list(
        .object([
          "id": .text, "name": .optional(.text), "site": .text, "began_ns": .number, "duration_ns": .number,
          "running_ns": .number,
          "queued_ns": .optional(.number), "waiting_ns": .optional(.number), "blame": .optional(.list(.numbers)),
          "state": .choice(["running", "queued", "waiting", "stalled", "completed", "failed"]), "waiting_on": pending,
          "waiting_through": .list(.numbers), "waiting_cycle": .optional(.number), "steps": .optional(.list(.numbers)),
          "critical_path": .optional(.list(.numbers)),
        ])),
    ]),
    "anomalies": .list(.object(["id": .text, "sentence": .text, "count": .number])),
    "findings": .list(
      .object([
        "id": .text, "severity": .choice(["error", "warning", "info"]), "site": .text, "file": .text,
        "line": .optional(.number), "sentence": .text, "count": .number, "caused_by": .optional(.text),
        "numbers": .numbers, "at_ns": .optional(.number), "loop": .optional(.number),
      ])),
  ])

  private static func check(_ value: Any, _ shape: Shape, _ path: String, _ found: inout [String]) {
    switch shape {
    case .number: if !(value is NSNumber) { found.append("\(path) is no number") }
    case .flag: if !(value is Bool) { found.append("\(path) is no boolean") }
    case .text: if !(value is String) { found.append("\(path) is no text") }
    case .choice(let words):
      if !words.contains(value as? String ?? "") { found.append("\(path) is \(value)") }
    case .optional(let shape): if !(value is NSNull) { check(value, shape, path, &found) }
    case .numbers: if !(value is [String: Any]) { found.append("\(path) is no object") }
    case .list(let element):
      guard let list = value as? [Any] else { return found.append("\(path) is no list") }
      for item in list { check(item, element, path + "[]", &found) }
    case .object(let fields):
      guard let object = value as? [String: Any] else { return found.append("\(path) is no object") }
      if Set(object.keys) != Set(fields.keys) {
        found.append("\(path) has the keys \(object.keys.sorted()), not \(fields.keys.sorted())")
      }
      for (key, shape) in fields {
        if let value = object[key] { check(value, shape, "\(path).\(key)", &found) }
      }
    }
  }
}
