import Testing

extension EndToEnd {
  @Suite("Checks of files") struct CheckTests {
    private static let traces = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/traces/"

    private func check(_ trace: String, _ options: String...) throws -> Output {
      try run([Built.looptop, "check", Self.traces + trace + ".looptrace"] + options)
    }

    @Test func aHealthyTracePasses() throws {
      let output = try check("healthy", "--max-callback", "50ms", "--no", "blocking-callback", "--no", "never-settled")
      #expect(output.status == 0 && output.out == "every budget is kept\n" && output.err == "")
    }

    @Test func aBreachIsALineAndExitCodeOne() throws {
      let output = try check("blocking-query", "--max-callback", "50ms", "--max-tick", "1s")
      #expect(output.status == 1)
      #expect(output.out.hasPrefix("max-callback: yearlyReport(_:) ran for 145 ms, more than 50.0 ms ("))
      #expect(output.out.split(separator: "\n").count == 1)
      #expect(try check("never-fires", "--no", "stalled-chain", "--output", "github").out.hasPrefix("::error file="))
    }

    @Test func anIncompleteTraceIsRefusedUnlessItWillDo() throws {
      let refused = try check("hang", "--max-tick", "1h")
      #expect(refused.status == 3 && refused.err.contains("--allow-gaps"))
      #expect(try check("hang", "--max-tick", "1h", "--allow-gaps").status == 0)
      #expect(try check("hang", "--max-callback", "1s", "--allow-gaps").status == 1)
    }

    @Test func whatCannotBeCheckedIsWrongUse() throws {
      #expect(try check("healthy").status == 2)
      let output = try check("healthy", "--no", "nonsense")
      #expect(output.status == 2 && output.err.contains("never-settled"))
      #expect(try check("healthy", "--max-tick", "fast").status == 2)
    }
  }
}
