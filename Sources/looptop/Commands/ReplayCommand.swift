import ArgumentParser
import Screens

/// `looptop replay`: traces on the screen.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Show recorded traces on the screen.",
    discussion: """
      Several traces are shown as one, with the loops of all. Those recorded at
      the same time keep it; others begin together, so that runs can be compared.

      Examples:
        looptop replay spike.looptrace
        looptop replay spike.looptrace --ascii --theme mono
        looptop replay before.looptrace after.looptrace --compare
      """)

  @Argument(help: ArgumentHelp("The traces.", valueName: "file"), completion: .trace)
  var files: [String]

  @Flag(help: "Show all loops side by side at first.")
  var compare = false

  @OptionGroup var screen: ScreenOptions

  func run() throws {
    try Viewer.requireTerminal()
    let store = try openTraces(files)
    var state = ScreenState()
    if compare { state.compareLoops() }
    if store.isLaidOver { state.say("recorded at different times: each trace begins at 0:00") }
    let study = try Study(store, thresholds: Settings.read().thresholds)
    try Viewer(study, recording: nil, screen, showing: state).run()
  }
}
