import ArgumentParser
import Terminal

/// How screens look: for every command that has one.
struct ScreenOptions: ParsableArguments {
  @Flag(help: "Draw with ASCII only, as is done where the locale has no UTF-8.")
  var ascii = false

  @Option(help: "Colours for a dark or a light background, or mono for none (as with NO_COLOR).")
  var theme = Theme.auto

  /// As the terminal takes it.
  var look: Terminal.Look { Terminal.Look(ascii: ascii, theme: theme) }
}

extension Theme: ExpressibleByArgument {}
