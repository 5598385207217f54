import ArgumentParser

/// `looptop replay`: a trace on the screen.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Show a recorded trace on the screen.")

  @Argument(help: "The trace.")
  var file: String

  @OptionGroup var screen: ScreenOptions

  func run() throws {
    try Viewer.requireTerminal()
    try Viewer(Study(file: file, thresholds: Settings.read().thresholds), recording: nil, screen).run()
  }
}
