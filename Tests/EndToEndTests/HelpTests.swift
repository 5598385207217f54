import ArgumentParser
import Glibc
import Screens
import Testing

@testable import looptop

private func hasProgram(_ name: String) -> Bool { (try? run(["/bin/sh", "-c", "command -v \(name)"]).status) == 0 }

extension EndToEnd {
  @Suite("Help, manual and completions") struct HelpTests {
    private static let commands = Looptop.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    private static let names = commands.map { $0._commandName }

    @Test(arguments: names) func everyCommandsHelpHasExamplesThatNameIt(_ name: String) throws {
      let help = try run([Built.looptop, name, "--help"])
      #expect(help.status == 0 && help.err == "")
      let examples = help.out.split(separator: "\n").drop { !$0.contains("Examples:") }
      #expect(examples.contains { $0.contains("looptop \(name)") })
    }

    @Test func theManualNamesEveryCommandAndEveryKey() throws {
      let page = try run([Built.looptop, "manual"])
      #expect(page.status == 0 && page.out.hasPrefix(".TH LOOPTOP 1"))
      for name in Self.names { #expect(page.out.contains(".SS \(name)\n"), "\(name)") }
      for entry in CommandEntry.all {
        let sentence = entry.sentence.split(separator: "-").joined(separator: "\\-")
        #expect(page.out.contains("\(entry.name): \(sentence)\n"), "\(entry.name)")
      }
    }

    @Test(.enabled(if: hasProgram("man") && hasProgram("groff"))) func theManualIsReadByManWithoutAComplaint() throws {
      let folder = try TemporaryFolder()
      let file = folder.file("looptop.1")
      #expect(try run(["/bin/sh", "-c", "\(Built.looptop) manual > \(file)"]).status == 0)
      let checked = try run(["groff", "-man", "-ww", "-z", "-Kutf8", file])
      #expect(checked.status == 0 && checked.err == "", "\(checked.err)")
      let shown = try run(["/bin/sh", "-c", "MANWIDTH=80 man -l \(file) | col -b"])
      for text in [
        "looptop - what an event loop does", "looptop attach <pid|name> ...", "the next stall", "EXIT STATUS",
      ] {
        #expect(shown.out.contains(text), "\(text) in \(shown.out)")
      }
    }

    @Test(.enabled(if: hasProgram("bash"))) func bashCompletesCommandsAndNames() throws {
      let folder = try TemporaryFolder()
      let script = folder.write(
        "complete.bash",
        Array(
          """
          PATH=\(Built.folder):$PATH
          source <(looptop --generate-completion-script bash)
          try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=(); _looptop looptop "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[@]}"; }
          try looptop re
          try looptop report --js
          try looptop demo bl
          """.utf8))
      let output = try run(["bash", "--norc", script]).out.split(separator: "\n").map { Set($0.split(separator: " ")) }
      #expect(output == [["record", "replay", "report", "recover"], ["--json"], ["blocking-query"]])
    }

    @Test(.enabled(if: hasProgram("fish"))) func fishCompletesCommandsAndOptions() throws {
      let script = """
        set PATH \(Built.folder) $PATH; looptop --generate-completion-script fish | source
        complete -C 'looptop re'; complete -C 'looptop report --js'
        """
      let output = try run(["fish", "--no-config", "-c", script])
      let words = output.out.split(separator: "\n").compactMap { $0.split(separator: "\t").first }
      #expect(Set(words) == ["record", "replay", "report", "recover", "--json"], "\(output)")
    }

    @Test(.enabled(if: hasProgram("zsh"))) func zshCompletesCommands() throws {
      let folder = try TemporaryFolder()
      #expect(
        try run(["/bin/sh", "-c", "\(Built.looptop) --generate-completion-script zsh > \(folder.file("_looptop"))"])
          .status == 0)
      let terminal = try Tmux(
        "PATH=\(Built.folder):$PATH; export PATH; exec zsh -f", environment: ["ZDOTDIR": folder.path])
      try terminal.write("PS1='% '; fpath=(\(folder.path) $fpath); autoload -Uz compinit; compinit -u -D\n")
      try terminal.write("clear; looptop verif\t")
      #expect(try terminal.screen(with: "looptop verify").contains("looptop verify"))
    }
  }
}
