import ArgumentParser
import Terminal

/// How screens look: for every command that has one.
struct ScreenOptions: ParsableArguments {
  @Flag(help: "Draw with ASCII only, as is done where the locale has no UTF-8.")
  var ascii = false

  @Option(help: "Colours for a dark or a light background, or mono for none (as with NO_COLOR).")
  var theme: Theme?

  /// As the terminal takes it; what is not said here stands in the settings, or is left to the terminal.
  func look() throws(Failure) -> Terminal.Look {
    let settings = try Settings.read()
    return Terminal.Look(ascii: ascii || settings.ascii, theme: theme ?? settings.theme ?? .auto)
  }
}

extension Theme: ExpressibleByArgument {}
