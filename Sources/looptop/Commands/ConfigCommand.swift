import Analysis
import ArgumentParser

/// `looptop config`: what is set, and where.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show each setting, its value and where it comes from.",
    discussion: """
      Settings stand in looptop.toml in the folder, and in $XDG_CONFIG_HOME/looptop/looptop.toml or
      ~/.config/looptop/looptop.toml. What the folder says goes before what the user says, and an option before both.

      What is printed can itself stand as a looptop.toml.

      Examples:
        looptop config
        looptop config > looptop.toml
      """)

  @Flag(help: "Print JSON for a script.")
  var json = false

  func run() throws {
    let settings = try Settings.read()
    Standard.output.write(json ? ConfigCommand.json(settings) : ConfigCommand.text(settings))
  }

  /// A file that says the same, with where each line comes from.
  static func text(_ settings: Settings) -> String {
    var tables: [String] = []
    for setting in Setting.all where !tables.contains(setting.table) { tables.append(setting.table) }
    let lines = Setting.all.map { setting in
      setting.value(settings).map { "\(setting.key) = \($0.text)" } ?? "# \(setting.key) is not set"
    }
    let width = lines.map(\.count).max() ?? 0
    return tables.map { table in
      let rows = zip(Setting.all, lines).filter { $0.0.table == table }.map { setting, line in
        let isSet = setting.value(settings) != nil
        let origin = settings.origins[setting.name].map { "\(visible($0.file)):\($0.line)" } ?? "default"
        return isSet ? line + String(repeating: " ", count: width - line.count) + "  # \(origin)\n" : line + "\n"
      }
      return "[\(table)]\n" + rows.joined()
    }.joined(separator: "\n")
  }

  private static func json(_ settings: Settings) -> String {
    let rows = Setting.all.map { setting in
      let origin = settings.origins[setting.name]
      return JSON.object([
        ("table", .string(setting.table)), ("key", .string(setting.key)),
        ("value", setting.value(settings).map(\.json) ?? .null),
        ("source", .string(origin == nil ? "default" : "file")),
        ("file", origin.map { .string($0.file) } ?? .null),
        ("line", origin.map { .integer(Int64($0.line)) } ?? .null),
      ])
    }
    return JSON.object([
      ("schema", .integer(1)), ("files", .array(Settings.files.map(JSON.string))), ("settings", .array(rows)),
    ]).text + "\n"
  }
}

extension TOMLValue {
  fileprivate var json: JSON {
    switch self {
    case .string(let text): .string(text)
    case .integer(let number): .integer(number)
    case .number(let number): .number(number)
    case .bool(let isTrue): .bool(isTrue)
    case .array(let values): .array(values.map(\.json))
    }
  }
}
