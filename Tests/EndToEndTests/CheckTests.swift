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
      #expect(
        output.out.hasPrefix("max-callback: yearlyReport(_:) ran for 210 ms, more than 50.0 ms; so it was 4 times ("))
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

    @Test func whatTheMachineGaveNoCPUIsToldAndNotCounted() throws {
      let folder = try TemporaryFolder()
      let text = """
        looptop-text 1
        process 1 pid=1 started=1 command="server" runtime="r"
        loop 1 process=1 name="main" thread=1 poll=epoll
        site 1 "query(_:)" "Users.swift" 42
        1 1.000 loop-begin
        1 1.000 poll-return ready=1
        1 1.000 used cpu=0.500 voluntary=10 involuntary=4 minor=0 major=0
        1 1.000 begin span=1 site=1 kind=io
        1 1.100 end span=1
        1 1.100 used cpu=0.530 voluntary=10 involuntary=9 minor=0 major=0
        1 1.100 poll-enter
        1 1.200 poll-return ready=0
        1 1.200 loop-end

        """
      let file = folder.write("trace.txt", Array(text.utf8))
      let excused = try run([Built.looptop, "check", file, "--max-callback", "50ms"])
      #expect(excused.status == 0 && excused.err == "")
      #expect(
        excused.out == """
          every budget is kept
          not counted, max-callback: query(_:) ran for 100 ms, more than 50.0 ms, but for 30.0 ms at most on a CPU: \
          the machine gave it none for the rest (Users.swift:42)

          """)
      let byCPUTime = try run([Built.looptop, "check", file, "--max-callback", "20ms", "--cpu-time"])
      #expect(byCPUTime.status == 1)
      #expect(
        byCPUTime.out == "max-callback: query(_:) ran for 30.0 ms, more than 20.0 ms of CPU time (Users.swift:42)\n")
    }

    @Test func whatIsWorseThanTheBaselineFails() throws {
      let baseline = ["--baseline", Self.traces + "healthy.looptrace"]
      #expect(try check("healthy", baseline[0], baseline[1]).status == 0)
      let worse = try check("blocking-query", baseline[0], baseline[1])
      #expect(worse.status == 1)
      #expect(worse.out.hasPrefix("worse-than: blocking-callback is new: yearlyReport(_:) blocked the loop 4 times"))
      #expect(worse.out.contains("worse-than: accept(_:) io: ") && worse.out.contains("which is beyond noise"))
      #expect(worse.out.contains("not counted, worse-than: "))
      for (form, text) in [
        ("json", "\"excuse\": \"noise\""), ("junit", "<testcase classname=\"looptop\" name=\"worse-than\">"),
        ("github", "::notice "),
      ] {
        let output = try check("blocking-query", baseline[0], baseline[1], "--output", form)
        #expect(output.status == 1 && output.out.contains(text), "\(form): \(output.out)")
      }
      #expect(try check("blocking-query", baseline[0], baseline[1], "--worse-than", "lots").status == 2)
      // The earlier one has to be whole too.
      let refused = try check("healthy", "--baseline", Self.traces + "hang.looptrace")
      #expect(refused.status == 3 && refused.err.contains("hang.looptrace is incomplete"))
    }
  }
}
