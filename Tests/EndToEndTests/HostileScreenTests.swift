import Glibc
import Testing

private let root = String(#filePath.prefix(#filePath.count - "/Tests/EndToEndTests/HostileScreenTests.swift".count))

extension EndToEnd {
  @Suite("What nobody should type, and what no trace should hold") struct HostileScreenTests {
    private let replay = "\(Built.looptop) replay \(root)/traces/blocking-query.looptrace"

    private func shown(_ terminal: Tmux) throws -> String {
      try terminal.screen { $0.contains(" REPLAY ") && $0.contains("q Quit") && !$0.contains("LOADING") }
    }

    /// Leaves whatever is in front; the screen is whole, and the program ends as it is told to.
    private func expectAlive(_ terminal: Tmux) throws {
      for _ in 0..<70 { try terminal.press("Escape") }
      try terminal.press("V", "1", "G", "C-l")
      let screen = try shown(terminal)
      #expect(screen.contains("[1 Ticks]") && screen.contains("q Quit"), "\(screen)")
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func pastedGarbageAndUnknownSequences() throws {
      let folder = try TemporaryFolder()
      let terminal = try Tmux("cd \(folder.path) && \(replay)", terminal: "xterm-256color")
      _ = try shown(terminal)
      // All but q and what a terminal itself makes a signal of.
      let scalars = (1...0x2FF).filter { ![3, 17, 19, 26, 28, 0x71].contains($0) }.compactMap(Unicode.Scalar.init)
      let garbage = String(String.UnicodeScalarView(scalars + scalars.reversed() + scalars))
      try terminal.write(garbage)
      try terminal.write("\u{1B}[200~pasted: f /x\n\u{1B}[201~")
      for sequence in [
        "[99;99z", "O\u{1}", "[<9999;-1;65536M", "]0;owned\u{7}", "[M\u{7F}\u{7F}\u{7F}", "P1$r\u{1B}\\", "[",
      ] {
        try terminal.write("\u{1B}" + sequence)
      }
      try expectAlive(terminal)
      #expect(try terminal.state("pane_title") != "owned")
    }

    /// As if terminfo did not know a key of the terminal, or another form of the mouse: what stands in a sequence is no key.
    @Test func sequencesThatNobodyKnows() throws {
      let terminal = try Tmux(replay, terminal: "screen-256color")
      _ = try shown(terminal)
      for sequence in ["[1;5Z", "[<0;33;5M", "[200~", "[M !!", "O5", "[?62;4c"] {
        try terminal.write("\u{1B}" + sequence)
      }
      try terminal.press("Down")
      let screen = try terminal.screen(with: "2 of ")
      #expect(screen.contains("[1 Ticks]") && screen.contains("2 of "), "\(screen)")
      // One that is cut short takes no key with it.
      try terminal.press("Enter")
      #expect(try terminal.screen(with: "self time").contains("self time"))
      try terminal.write("\u{1B}[1;\u{1B}")
      #expect(try terminal.screen(with: "2 of ").contains("2 of "))
      try expectAlive(terminal)
    }

    @Test func charactersThatComeInPartsAndBytesThatAreNone() throws {
      let terminal = try Tmux(replay)
      _ = try shown(terminal)
      try terminal.press("/")
      _ = try terminal.screen(with: "text to mark")
      try terminal.write(bytes: 0xE6)
      // Long enough for the byte to be read before the others come; were it not, it would only be a weaker test.
      usleep(100_000)
      try terminal.write(bytes: 0xBC, 0xA2)
      try terminal.write(bytes: 0xA2, 0xFF, 0xE6, 0xBC)
      try terminal.write("end")
      #expect(try terminal.screen(with: "/漢end").contains("/漢end"))
      try expectAlive(terminal)
    }

    @Test func aPromptFilledWithANovel() throws {
      let terminal = try Tmux(replay)
      _ = try shown(terminal)
      for key in ["/", ":", "f", "t"] {
        try terminal.press(key)
        try terminal.write(String(repeating: "x漢\u{301}\u{202E}", count: 1_000))
        try terminal.press("Tab", "Enter")
      }
      try expectAlive(terminal)
    }

    @Test func outputThatIsPiped() throws {
      let piped = try Tmux("\(replay) | cat")
      #expect(try piped.screen(with: "looptop:").contains("standard output is none"))
      let list = try Tmux("\(Built.looptop) | cat; echo listed")
      #expect(try list.screen(with: "listed").contains("listed"))
    }

    @Test func namesThatWouldTakeTheTerminalOver() throws {
      let folder = try TemporaryFolder()
      let names = [
        #"\u{1B}[2J\u{1B}]0;owned\u{7}\u{9B}31m"#, #"\u{202E}drow\u{2066}\u{200F} שלום"#,
        String(repeating: "long", count: 2_500), #"漢字e\u{301}🙂\n\t\u{0}"#,
      ]
      var lines = ["looptop-text 1", #"process 1 pid=7 started=1 command="\u{1B}c evil" runtime="\u{7}""#]
      lines.append(#"loop 1 process=1 name="\u{1B}[31mred" thread=7 poll=epoll"#)
      for (index, name) in names.enumerated() { lines.append("site \(index + 1) \"\(name)\" \"\(name)\" 3") }
      lines += ["", "1 1.000000 loop-begin", "1 1.100000 poll-return ready=1"]
      for index in names.indices {
        let (begin, span) = (1_100 + index * 100, index * 3 + 1)
        lines.append(
          "1 \(begin / 1_000).\(begin % 1_000)000 begin span=\(span) kind=io trigger=poll site=\(index + 1) starts-chain"
        )
        lines.append("1 \(begin / 1_000).\(begin % 1_000)010 chain-named chain=\(span + 1) name=\"\(names[index])\"")
        lines.append("1 \(begin / 1_000).\(begin % 1_000 + 90)000 end span=\(span)")
      }
      lines += ["1 1.600000 poll-enter", "1 2.000000 loop-end", ""]
      let file = folder.write("hostile.txt", Array(lines.joined(separator: "\n").utf8))
      let terminal = try Tmux("\(Built.looptop) replay \(file)", terminal: "xterm-256color")
      let first = try shown(terminal)
      #expect(first.contains("^[") && first.contains("<U+202E>"), "\(first)")
      for view in ["2", "3", "4", "5", "6"] {
        try terminal.press(view)
        try terminal.press("Enter", "Down", "Escape", "Down", "Enter", "Escape")
        let screen = try terminal.screen(with: "[\(view) ")
        #expect(screen.contains("[\(view) ") && screen.split(separator: "\n").count <= 24, "\(screen)")
      }
      #expect(try terminal.state("pane_title") != "owned")
      try terminal.press("q")
      #expect(try terminal.screen(with: "ended 0").contains("ended 0"))
    }
  }
}
