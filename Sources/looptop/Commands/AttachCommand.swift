import ArgumentParser

/// `looptop attach`: live.
struct AttachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach",
    abstract: "Watch a running program's loops, from as far back as its rings reach.",
    discussion: """
      The program is not touched, slowed or stopped: its rings are read. A program that died can be attached to as
      well, to see what it did last.
      """)

  @Argument(help: ArgumentHelp("Its pid, its name, or the name of one of its loops.", valueName: "pid|name"))
  var target: String

  @OptionGroup var screen: ScreenOptions

  func run() throws {
    try Viewer.requireTerminal()
    try AttachCommand.attach(Programs.find(target), screen)
  }

  /// Watches a program.
  static func attach(_ program: Program, _ screen: ScreenOptions) throws {
    let recording = try Recording(program.folder, selecting: .process(program.identity))
    defer { recording.close() }
    recording.poll()
    guard recording.foundLoops else { throw Failure.notTraced(program.identity.pid, recording.unusable) }
    try Viewer(Study(recording, thresholds: Settings.read().thresholds), recording: recording, screen).run()
  }
}
