import Analysis
import Terminal
import Testing
import Trace

@testable import looptop

@Suite("Settings") struct SettingsTests {
  private func settings(_ text: String) throws -> Settings {
    var settings = Settings()
    try settings.take(text, of: "looptop.toml")
    return settings
  }

  @Test func areReadFromTables() throws {
    let settings = try settings(
      """
      # mine
      [thresholds]
      slow = "20ms"   # a fast service
      growing = 1_000

      [check]
      "max-callback" = '50ms'
      cpu-time = true
      no = [
        "never-settled",  # ever
        "dropped-operation",
      ]
      worse-than = "12.5%"
      [screen]\r
      theme = "light"\r
      """)
    #expect(settings.thresholds.slow == .milliseconds(20) && settings.thresholds.growing == 1_000)
    #expect(settings.thresholds.stalled == Thresholds().stalled)
    #expect(settings.budgets.maxCallback == .milliseconds(50) && settings.budgets.byCPUTime)
    #expect(settings.budgets.forbidden == ["never-settled", "dropped-operation"])
    #expect(settings.worseThan == 0.125 && settings.theme == .light)
    #expect(settings.origins["check.worse-than"] == Settings.Origin(file: "looptop.toml", line: 13))
    #expect(try self.settings("").origins.isEmpty)
  }

  @Test(arguments: [
    ("[thresholds]\nslo = \"20ms\"", 2, "there is no slo in [thresholds]; the nearest is slow"),
    ("slow = \"20ms\"", 1, "there is no slow ahead of the tables; the nearest is slow in [thresholds]"),
    ("\n[cheque]\nno = []", 3, "there is no table [cheque]; the nearest is [check]"),
    ("[check]\nmax-tick = 50", 2, "50 is nothing for check.max-tick: it takes a length of time, as \"50ms\""),
    ("[check]\nno = [\"nonsense\"]", 2, "[\"nonsense\"] is nothing for check.no: it takes a list of findings, of "),
    ("[check]\nmax-tick = 50ms", 2, "here has to stand a value: \"text\", a number, true, false or a [list]"),
    ("[check]\ncpu-time = true\n\ncpu-time = false", 4, "cpu-time is set in line 2 already; leave one out"),
    ("[check\n", 1, "here has to stand ] behind the table's name"),
    ("check.cpu-time = true", 1, "a key with a dot is not understood here; looptop config shows what there is to set"),
    ("[a.b]", 1, "a table within a table is not understood here"), ("[[a]]", 1, "a list of tables is not understood"),
    ("[screen]\ntheme = { a = 1 }", 2, "a table within a line is not understood here"),
    ("[screen]\ntheme = \"dark", 2, "here has to stand the quotation mark that ends the text"),
    ("[screen]\ntheme = \"\"\"\ndark\"\"\"", 2, "text over several lines is not understood here"),
    ("[screen]\ntheme = \"\\q\"", 2, "here has to stand one of "),
    ("[screen]\nascii = true false", 2, "here has to stand the end of the line"),
    ("[screen]\ntheme = \"\u{1B}[2J\"", 2, "\"\\u001b[2J\" is nothing for screen.theme: it takes one of "),
    ("[check]\nno = [[[[[[[[[[1]]]]]]]]]]", 2, "so many lists in each other is not understood here"),
  ])
  func thatAreWrongAreNamedWithTheirLine(_ text: String, _ line: Int, _ sentence: String) {
    #expect {
      try settings(text)
    } throws: { error in
      guard let failure = error as? Failure else { return false }
      let said = failure.sentence
      return failure.exitCode == 2 && said.hasPrefix("looptop.toml, line \(line): \(sentence)")
        && said.unicodeScalars.allSatisfy { $0.value >= 0x20 }
    }
  }

  @Test func comeThroughAnyBytesAlive() {
    var state: UInt64 = 7
    let pieces = [
      "[check]", "no", "=", "[", "]", "\"", "'", "\n", "\\u00", "#", ",", "true", "1e9", "-", ".", "ä", "\u{0}",
    ]
    for _ in 0..<2_000 {
      var text = ""
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += pieces[Int(state >> 33) % pieces.count]
      }
      do { _ = try settings(text) } catch { #expect(error is Failure) }
    }
  }

  @Test func areShownAsAFileThatSaysTheSame() throws {
    let original = try settings(
      "[thresholds]\nslow = \"1500us\"\n[check]\nmax-tick = \"2h\"\nno = [\"starvation\"]"
        + "\nworse-than = \"0.05%\"")
    let shown = ConfigCommand.text(original)
    #expect(shown.contains("slow = \"1500us\"") && shown.contains("# looptop.toml:2\n"))
    #expect(shown.contains("\nstalled = \"1s\"") && shown.contains("# default\n"))
    #expect(shown.contains("\n# max-callback is not set\n"))
    let again = try settings(shown)
    #expect(again.thresholds == original.thresholds && again.budgets == original.budgets)
    #expect(again.worseThan == original.worseThan && again.ascii == original.ascii)
  }
}

extension EndToEnd {
  @Suite("Settings in files") struct SettingsFileTests {
    private static let trace =
      #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/traces/blocking-query.looptrace"

    /// A folder with settings of its own, and one for the user's.
    private func run(_ folder: TemporaryFolder, _ command: String) throws -> Output {
      try EndToEndTests.run(
        ["/bin/sh", "-c", "cd \(folder.path) && \(Built.looptop) \(command)"],
        environment: ["XDG_CONFIG_HOME": folder.path + "/user"])
    }

    private func folder(user: String?, here: String?) throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      _ = try EndToEndTests.run(["/bin/mkdir", "-p", folder.file("user/looptop")])
      if let user { _ = folder.write("user/looptop/looptop.toml", Array(user.utf8)) }
      if let here { _ = folder.write("looptop.toml", Array(here.utf8)) }
      return folder
    }

    @Test func theFolderGoesBeforeTheUserAndAnOptionBeforeBoth() throws {
      let folder = try folder(
        user: "[check]\nmax-callback = \"50ms\"\nmax-tick = \"1h\"", here: "[check]\nmax-callback = \"10s\"\n")
      #expect(try run(folder, "check \(Self.trace)").out == "every budget is kept\n")
      #expect(try run(folder, "check \(Self.trace)").status == 0)
      #expect(try run(folder, "check \(Self.trace) --max-callback 50ms").status == 1)
      let shown = try run(folder, "config")
      #expect(shown.status == 0)
      #expect(shown.out.contains("max-callback = \"10s\"") && shown.out.contains("# looptop.toml:2\n"))
      #expect(shown.out.contains("max-tick = \"1h\"") && shown.out.contains("/user/looptop/looptop.toml:3\n"))
      let json = try run(folder, "config --json").out
      #expect(
        json.contains(
          "{\"table\": \"check\", \"key\": \"max-callback\", \"value\": \"10s\", \"source\": \"file\", \"file\": "
            + "\"looptop.toml\", \"line\": 2}"))
      #expect(json.contains("\"key\": \"slow\", \"value\": \"50ms\", \"source\": \"default\", \"file\": null"))
    }

    @Test func thresholdsAreTheReportsToo() throws {
      let folder = try folder(user: nil, here: "[thresholds]\nslow = \"10s\"\n")
      #expect(try run(folder, "report \(Self.trace)").out.hasPrefix("Healthy"))
      #expect(try run(folder, "report \(Self.trace) --slow 50ms").out.hasPrefix("yearlyReport(_:) blocked"))
      #expect(try run(folder, "report \(Self.trace) --overview --late 1s").status == 2)
      let question = "'SELECT count(*) AS findings FROM findings' --csv"
      #expect(try run(folder, "query \(Self.trace) \(question)").out.hasSuffix("0\r\n") == true)
    }

    @Test func aFileThatIsWrongIsExitCodeTwo() throws {
      let wrong = try folder(user: nil, here: "[check]\nmax-calback = \"50ms\"\n")
      let output = try run(wrong, "check \(Self.trace)")
      #expect(output.status == 2 && output.out == "")
      #expect(
        output.err
          == "looptop: looptop.toml, line 2: there is no max-calback in [check]; the nearest is max-callback\n")
      let binary = try folder(user: nil, here: nil)
      _ = binary.write("looptop.toml", [0xff, 0xfe])
      #expect(try run(binary, "config").err == "looptop: looptop.toml holds no settings: it is not UTF-8 text\n")
      _ = binary.write("looptop.toml", [UInt8](repeating: 0x0a, count: 100_000))
      #expect(try run(binary, "config").err == "looptop: looptop.toml holds no settings: it is longer than 64 KiB\n")
      _ = try EndToEndTests.run(["/bin/sh", "-c", "cd \(binary.path) && rm looptop.toml && mkdir looptop.toml"])
      let folder = try run(binary, "config")
      #expect(folder.status == 2 && folder.err.hasPrefix("looptop: looptop.toml cannot be read: "))
    }

    @Test func withoutBudgetsThereIsNothingToCheck() throws {
      #expect(try run(folder(user: nil, here: nil), "check \(Self.trace)").status == 2)
    }
  }
}
