import ArgumentParser
import Screens

/// `looptop attach`: live.
struct AttachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach",
    abstract: "Watch running programs' loops, from as far back as their rings reach.",
    discussion: """
      The programs are not touched, slowed or stopped: their rings are read. One that died can be attached to as well,
      to see what it did last; one that ends and is started again with the same command line is followed. The key r
      records what comes into a file.

      Examples:
        looptop attach my-server
        looptop attach 4711
        looptop attach web worker --compare
      """)

  @Argument(
    help: ArgumentHelp("A pid, a program's name, or the name of one of its loops.", valueName: "pid|name"),
    completion: .custom { _, _, _ in Programs.names() })
  var targets: [String]

  @Flag(help: "Show all loops side by side at first.")
  var compare = false

  @OptionGroup var screen: ScreenOptions

  func run() throws {
    try Viewer.requireTerminal()
    var programs: [Program] = []
    for target in targets {
      let program = try Programs.find(target)
      if !programs.contains(where: { $0.identity == program.identity }) { programs.append(program) }
    }
    try AttachCommand.attach(programs, sideBySide: compare, screen)
  }

  /// Watches programs, with their loops side by side at first if so.
  static func attach(_ programs: [Program], sideBySide: Bool, _ screen: ScreenOptions) throws {
    let recording = try Recording(watching: programs)
    defer { recording.close() }
    let study = try Study(recording, thresholds: Settings.read().thresholds)
    recording.poll()
    guard recording.foundLoops else { throw Failure.notTraced(programs[0].identity.pid, recording.unusable) }
    var state = ScreenState()
    if sideBySide { state.compareLoops() }
    try Viewer(study, recording: recording, screen, showing: state).run()
  }
}
