import ArgumentParser

/// `looptop replay`: a trace on the screen.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Show a recorded trace on the screen.",
    discussion: """
      Examples:
        looptop replay spike.looptrace
        looptop replay spike.looptrace --ascii --theme mono
      """)

  @Argument(help: "The trace.", completion: .trace)
  var file: String

  @OptionGroup var screen: ScreenOptions

  func run() throws {
    try Viewer.requireTerminal()
    try Viewer(Study(file: file, thresholds: Settings.read().thresholds), recording: nil, screen).run()
  }
}
