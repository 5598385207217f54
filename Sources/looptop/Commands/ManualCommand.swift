import ArgumentParser

/// `looptop manual`: the manual page.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Print the manual page, in troff, for man to show or to be installed.",
    discussion: """
      Examples:
        looptop manual | man -l -
        looptop manual > /usr/local/share/man/man1/looptop.1
      """)

  func run() throws { Standard.output.write(Manual.page) }
}
