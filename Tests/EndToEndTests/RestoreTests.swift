import Glibc
import Testing

extension EndToEnd {
  @Suite("The terminal is restored whatever happens") struct RestoreTests {
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT])
    func afterASignal(_ number: Int32) throws {
      let folder = try TemporaryFolder()
      let (before, after) = (folder.file("before"), folder.file("after"))
      let terminal = try Tmux(
        "stty -a > \(before); \(Built.looptop) demo healthy; stty -a > \(after); cmp \(before) \(after) && echo restored",
        // A crash report would fill the screen, and takes its time.
        environment: ["LOOPTOP_DIR": folder.file("rings"), "SWIFT_BACKTRACE": "enable=no"])
      _ = try terminal.screen(with: "LIVE")
      #expect(try terminal.state("alternate_on") == "1")
      #expect(try terminal.state("cursor_flag") == "0")
      kill(try #require(try terminal.child("looptop")), number)
      let screen = try terminal.screen(with: "restored")
      #expect(screen.contains("restored"))
      #expect(!screen.contains("LIVE"))
      #expect(try terminal.state("alternate_on") == "0")
      #expect(try terminal.state("cursor_flag") == "1")
    }

    @Test func whileItIsStoppedAndWhenItGoesOn() throws {
      let terminal = try Tmux("exec sh -i")
      try terminal.press("\(Built.looptop) demo healthy", "Enter")
      _ = try terminal.screen(with: "LIVE")
      try terminal.press("C-z")
      let stopped = try terminal.screen(with: "Stopped")
      #expect(stopped.contains("Stopped"))
      #expect(try terminal.state("cursor_flag") == "1")
      try terminal.press("fg", "Enter")
      #expect(try terminal.screen(with: "LIVE").contains("LIVE"))
      try terminal.press("q")
      #expect(try terminal.screen { !$0.contains("LIVE") }.contains("fg"))
    }
  }
}
