import ArgumentParser
import Screens

/// The manual page, made of what there is: the commands' own help, and the table of keys that the screens obey.
enum Manual {
  /// The page as troff with the macros of `man`.
  static var page: String {
    let configuration = Looptop.configuration
    var lines = [
      ".TH LOOPTOP 1 \"\" \"looptop \(configuration.version)\" \"User Commands\"",
      ".SH NAME", text("looptop - what an event loop does, on the terminal"),
      ".SH SYNOPSIS", ".B looptop", ".br", ".B looptop", ".I command", "[options]",
      ".SH DESCRIPTION", text(configuration.abstract),
    ]
    lines += verbatim(configuration.discussion)
    lines.append(".SH COMMANDS")
    for command in configuration.subcommands where command.configuration.shouldDisplay { lines += describe(command) }
    lines += [".SH KEYS", text("On the screens, every command by its keys; after : it is typed by its name.")]
    for entry in CommandEntry.all {
      lines += [
        ".TP", ".B \(text(entry.keys.map(\.name).joined(separator: " ")))", text("\(entry.name): \(entry.sentence)"),
      ]
    }
    for (title, entries) in sections {
      lines.append(".SH \(title)")
      for (name, meaning) in entries { lines += [".TP", ".B \(text(name))", text(meaning)] }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func describe(_ command: any ParsableCommand.Type) -> [String] {
    let help = Looptop.helpMessage(for: command, columns: 74)
    let overview = "OVERVIEW: "
    let body = help.hasPrefix(overview) ? String(help.dropFirst(overview.count)) : help
    return [".SS \(text(command._commandName))"] + verbatim(body)
  }

  /// Lines as they stand; how they are indented means something.
  private static func verbatim(_ body: String) -> [String] {
    var lines = body.split(separator: "\n", omittingEmptySubsequences: false).map { text(String($0)) }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.isEmpty ? [] : [".nf"] + lines + [".fi"]
  }

  /// A line in which nothing is a request or an escape of troff's.
  private static func text(_ line: String) -> String {
    let escaped = line.map { $0 == "\\" ? "\\e" : $0 == "-" ? "\\-" : String($0) }.joined()
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }

  private static let sections = [
    (
      "FILES",
      [
        ("looptop.toml", "Thresholds, budgets and looks, for the folder that it stands in."),
        ("~/.config/looptop/looptop.toml", "The same for every folder; what holds is shown by looptop config."),
        ("/dev/shm/looptop-UID/", "The rings that programs record into, unless LOOPTOP_DIR names another folder."),
        ("*.looptrace", "Traces: recorded programs."),
      ]
    ),
    (
      "ENVIRONMENT",
      [
        ("LOOPTOP_DIR", "The folder of the rings."),
        ("NO_COLOR", "If it is set, no colours are used."),
        ("COLORFGBG", "Where the terminal sets it, it tells a light background from a dark one."),
        ("XDG_CONFIG_HOME", "Where the settings are, instead of ~/.config."),
        ("TMPDIR", "Where what is watched is kept, for as long as it is watched."),
      ]
    ),
    (
      "EXIT STATUS",
      [
        ("0", "All is well."), ("1", "A check failed."), ("2", "Wrong use."),
        ("3", "The input is bad, cannot be read, or is not whole where it has to be."),
        ("125 - 127", "What record was to run could not be run; else record returns the program's own status."),
        ("128 + n", "Signal n ended it."),
      ]
    ),
  ]
}
