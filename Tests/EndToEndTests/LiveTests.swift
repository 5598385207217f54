import Glibc
import Testing

extension EndToEnd {
  @Suite("Programs that run") struct LiveTests {
    private let folder: TemporaryFolder
    private let environment: [String: String]

    init() throws {
      folder = try TemporaryFolder()
      environment = ["LOOPTOP_DIR": folder.file("rings")]
    }

    private func start(_ demo: String) throws -> Running {
      let program = try Running([Built.demo, demo], environment: environment)
      // It is there once its ring is.
      _ = try eventually {
        try run([Built.looptop, "list"], environment: environment).out.contains("\(program.pid)") ? true : nil
      }
      return program
    }

    private func end(_ program: Running) {
      program.signal(SIGKILL)
      _ = program.wait()
    }

    @Test func whatIsWatchedIsRecordedFromAKeyToTheNext() throws {
      let program = try start("healthy")
      defer { end(program) }
      let terminal = try Tmux("cd \(folder.path) && \(Built.looptop) attach \(program.pid)", environment: environment)
      _ = try terminal.screen(with: " LIVE ")
      try terminal.press("r")
      let screen = try terminal.screen(with: "recording into looptop-1.looptrace")
      #expect(screen.contains("recording into looptop-1.looptrace; r stops"))
      #expect(try terminal.screen { $0.contains("REC 2.") }.contains(" LIVE "))
      try terminal.press("r")
      #expect(try terminal.screen(with: "KiB into looptop-1.looptrace").contains("recorded"))
      // A second one is ended by leaving.
      try terminal.press("r")
      _ = try terminal.screen(with: "looptop-2.looptrace")
      _ = try terminal.screen { $0.contains("REC 1.") }
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("KiB into looptop-2.looptrace"))
      for number in 1...2 {
        let file = folder.file("looptop-\(number).looptrace")
        let verified = try run([Built.looptop, "verify", file])
        #expect(verified.status == 0 && verified.out.hasPrefix("whole:"), "\(verified)")
        #expect(try run([Built.looptop, "report", file]).out.contains("accept(_:)"))
      }
    }

    @Test func aProgramThatIsStartedAgainIsFollowed() throws {
      let first = try start("healthy")
      let terminal = try Tmux("\(Built.looptop) attach \(first.pid)", environment: environment)
      _ = try terminal.screen(with: "pid \(first.pid)")
      end(first)
      // Its last state stands, and can be looked through.
      let ended = try terminal.screen(with: " REPLAY ")
      #expect(ended.contains(" REPLAY ") && ended.contains("pid \(first.pid)"))
      try terminal.press("g")
      #expect(try terminal.screen(with: "REPLAY 0:00.000 of").contains("at     0:00"))
      let second = try start("healthy")
      defer { end(second) }
      let again = try terminal.screen(with: "pid \(second.pid), one of 2")
      #expect(again.contains("pid \(second.pid), one of 2"))
      try terminal.press("G")
      #expect(try terminal.screen(with: " LIVE ").contains(" LIVE "))
    }

    @Test func allAreWatchedOrCompared() throws {
      let programs = [try start("healthy"), try start("blocking-query")]
      defer { programs.forEach(end) }
      let list = try Tmux(Built.looptop, environment: environment)
      _ = try list.screen { $0.contains("healthy") && $0.contains("blocking-query") }
      try list.press("a")
      #expect(try list.screen(with: "2 processes").contains(" LIVE "))
      try list.press("q")
      _ = try list.screen(with: "ended 0")
      let compared = try Tmux(Built.looptop, environment: environment)
      _ = try compared.screen { $0.contains("healthy") && $0.contains("blocking-query") }
      try compared.press("c")
      let screen = try compared.screen { $0.contains("Loops side by side") && $0.contains("callbacks/s") }
      #expect(screen.contains("1 blocking-query") || screen.contains("1 healthy"), "\(screen)")
      for program in programs { #expect(screen.contains(" \(program.pid)")) }
      let named = try Tmux(
        "\(Built.looptop) attach --compare \(programs[0].pid) \(programs[1].pid)", environment: environment)
      #expect(try named.screen(with: "Loops side by side").contains("process"))
    }
  }
}
