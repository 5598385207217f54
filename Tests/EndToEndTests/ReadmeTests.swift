import Glibc
import Testing

private let root = String(#filePath.prefix(#filePath.count - "/Tests/EndToEndTests/ReadmeTests.swift".count))
private let readme = String(decoding: contents("\(root)/README.md"), as: UTF8.self)

extension EndToEnd {
  @Suite("The README") struct ReadmeTests {
    @Test(arguments: ["reactor", "recorder"]) func itsProgramsAreTheOnesThatCompile(_ name: String) throws {
      let source = String(decoding: contents("\(root)/Tests/EndToEndTests/ReadmeExamples.swift"), as: UTF8.self)
      let marked = source.components(separatedBy: "  // README: \(name)\n")[1].components(
        separatedBy: "  // README: end")[0]
      let program = marked.split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.hasPrefix("  ") ? $0.dropFirst(2) : $0 }.joined(separator: "\n")
      #expect(readme.contains(program))
    }

    @Test(arguments: ["blocking-query", "close-up", "loop"]) func itsScreensAreRealOnes(_ name: String) {
      let screen = String(
        decoding: contents("\(root)/Tests/EndToEndTests/Baselines/\(name).screen.txt"), as: UTF8.self)
      #expect(readme.contains("```text\n\(screen)```"))
    }

    /// Commands on the recordings, each with what it prints.
    private static let consoles = Array(readme.components(separatedBy: "```console\n").dropFirst()).map { block in
      block.components(separatedBy: "```")[0]
    }

    @Test(arguments: consoles.indices) func itsOutputsAreTrue(_ index: Int) throws {
      let lines = Self.consoles[index].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      let folder = try TemporaryFolder()
      let output = try run(
        ["/bin/sh", "-c", "cd \(root) && \(lines[0].dropFirst(2))"],
        environment: ["PATH": "\(Built.folder):/usr/bin:/bin", "XDG_CONFIG_HOME": folder.path])
      #expect(lines[0].hasPrefix("$ looptop ") && output.err == "")
      // A block does not end with an empty line.
      #expect(output.out.droppingLastEmptyLine == lines[1])
    }

    @Test func itsSettingsAreUnderstood() throws {
      let block = readme.components(separatedBy: "```toml\n")[1].components(separatedBy: "```")[0]
      let folder = try TemporaryFolder()
      _ = folder.write("looptop.toml", Array(block.utf8))
      let output = try run(["/bin/sh", "-c", "cd \(folder.path) && \(Built.looptop) config"])
      #expect(output.status == 0 && output.out.contains("max-callback = \"50ms\"") && output.err == "")
    }

    @Test func itsCommandsWork() throws {
      let block = try #require(
        readme.components(separatedBy: "```sh\n").first { $0.contains("looptop attach") }?
          .components(separatedBy: "```")[0])
      let commands = block.split(separator: "\n").map { line in
        String(line.components(separatedBy: "#")[0]).split(separator: " ").joined(separator: " ")
      }
      let folder = try TemporaryFolder()
      let script = "#!/bin/sh\nexec \(Built.demo) blocking-query --seconds 4\n"
      chmod(folder.write("my-server", Array(script.utf8)), 0o700)
      let environment = [
        "LOOPTOP_DIR": folder.file("rings"), "PATH": "\(Built.folder):/usr/bin:/bin",
      ]
      let server = try Running(
        ["/bin/sh", "-c", "cd \(folder.path) && exec ./my-server"], environment: environment)
      defer { _ = server.wait() }
      let listed = try eventually {
        try run([Built.looptop, "list"], environment: environment).out.contains("running") ? true : nil
      }
      #expect(listed == true)
      for command in commands {
        if command.contains("attach") || command.contains("replay") {
          // A script's name is not its program's, so by its loop's; and a shell in a terminal has a PATH of its own.
          let words = command.replacingOccurrences("my-server", "blocking-query")
            .replacingOccurrences("looptop ", "\(Built.looptop) ")
          let terminal = try Tmux("cd \(folder.path) && \(words)", environment: environment)
          let screen = try terminal.screen(with: "Help")
          #expect(screen.contains("Callbacks"), "\(command): \(screen)")
          try terminal.press("q")
          #expect(try terminal.screen(with: "ended 0").contains("ended 0"), "\(command)")
        } else {
          let output = try run(["/bin/sh", "-c", "cd \(folder.path) && \(command)"], environment: environment)
          #expect(output.status == 0, "\(command): \(output.err)")
          #expect(output.out + output.err != "", "\(command)")
        }
      }
    }
  }
}

extension String {
  fileprivate var droppingLastEmptyLine: String { hasSuffix("\n\n") ? String(dropLast()) : self }

  fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String {
    components(separatedBy: old).joined(separator: new)
  }
}
