import Glibc
import Testing

private let root = String(#filePath.prefix(#filePath.count - "/Tests/EndToEndTests/TerminalTypesTests.swift".count))

extension EndToEnd {
  @Suite("Terminals of all sorts") struct TerminalTypesTests {
    private let replay = "\(Built.looptop) replay \(root)/traces/blocking-query.looptrace"

    @Test(arguments: ["xterm-256color", "screen-256color", "vt100", "linux"])
    func theSameScreenIsOnEach(_ type: String) throws {
      let known = String(decoding: contents("\(root)/Tests/EndToEndTests/Baselines/loop.screen.txt"), as: UTF8.self)
      let terminal = try Tmux(replay, terminal: type)
      _ = try terminal.screen { $0.contains(" REPLAY ") && $0.contains("q Quit") && !$0.contains("LOADING") }
      try terminal.press("5")
      let screen = try terminal.screen { $0 == known }
      #expect(screen == known)
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func withoutColoursNothingIsLost() throws {
      let terminal = try Tmux("NO_COLOR=1 \(replay)", terminal: "xterm-256color")
      let screen = try terminal.screen { $0.contains("! WARNING yearlyReport(_:)") && $0.contains("q Quit") }
      #expect(screen.contains("[1 Ticks]"))
      #expect(try terminal.colors() == false)
      let ascii = try Tmux("\(replay) --ascii --theme light", terminal: "xterm-256color")
      let plain = try ascii.screen { $0.contains("! WARNING") && $0.contains("q Quit") }
      let isPlain = plain.unicodeScalars.allSatisfy { $0.isASCII }
      #expect(isPlain)
      #expect(try ascii.colors() == true)
    }

    @Test func theTourRecordsADemoAndWalksThroughIt() throws {
      let folder = try TemporaryFolder()
      let terminal = try Tmux("\(Built.looptop) tour", environment: ["LOOPTOP_DIR": folder.file("rings")])
      #expect(try terminal.screen(with: "Tour, 1 of 8", within: 40).contains("Tour, 1 of 8"))
      for stop in 2...8 {
        try terminal.press("Space")
        let screen = try terminal.screen(with: "Tour, \(stop) of 8")
        #expect(screen.contains("Tour, \(stop) of 8") && !screen.contains("no longer listed"), "\(screen)")
      }
      try terminal.press("Space", "q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func looptopAloneLetsOneChoose() throws {
      let folder = try TemporaryFolder()
      let environment = ["LOOPTOP_DIR": folder.file("rings")]
      let terminal = try Tmux(Built.looptop, environment: environment)
      #expect(try terminal.screen(with: "no program of yours records").contains("q Quit"))
      let demo = try Running([Built.demo, "healthy"], environment: environment)
      defer {
        demo.signal(SIGKILL)
        _ = demo.wait()
      }
      #expect(try terminal.screen(with: "running").contains("healthy"))
      try terminal.press("Enter")
      #expect(try terminal.screen(with: "LIVE").contains("loop healthy"))
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func resizedToNothingAndBackItIsAsBefore() throws {
      let terminal = try Tmux(replay)
      let before = try terminal.screen { $0.contains(" REPLAY ") && $0.contains("q Quit") && !$0.contains("LOADING") }
      for (width, height) in [(1, 1), (300, 3), (3, 90), (80, 24)] { try terminal.resize(width: width, height: height) }
      let after = try terminal.screen { $0 == before }
      #expect(after == before)
    }

    @Test func theMouseDrawsOverAStretchOfTime() throws {
      let terminal = try Tmux(replay, terminal: "xterm-256color")
      _ = try terminal.screen { $0.contains(" REPLAY ") && $0.contains("q Quit") && !$0.contains("LOADING") }
      try terminal.write("\u{1B}[<0;17;8M")
      try terminal.write("\u{1B}[<0;28;8m")
      let range = try terminal.screen { $0.contains("RANGE 0:01.000-0:02.200") && $0.contains("3 Stalls 1") }
      #expect(range.contains("RANGE 0:01.000-0:02.200") && range.contains("3 Stalls 1"))
      try terminal.write("\u{1B}[<0;61;5M")
      #expect(try terminal.screen(with: "[6 Findings").contains("blocking-callback"))
      try terminal.press("V")
      #expect(try terminal.screen(with: "3 Stalls 4").contains("3 Stalls 4"))
    }
  }
}
