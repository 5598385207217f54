import Analysis
import Glibc
import Terminal

/// What somebody wants every time, from `looptop.toml`: the one in the folder goes before that of the user, in
/// `$XDG_CONFIG_HOME/looptop` or `~/.config/looptop`. What an option says goes before both.
struct Settings {
  /// From where on something counts as wrong.
  var thresholds = Thresholds()
  /// What `check` holds a trace against.
  var budgets = Budgets()
  /// By how much something may be worse than in the baseline.
  var worseThan = 0.1
  /// How screens look.
  var theme: Theme?
  var ascii = false
  /// Where settings were set, by their names; the others are as they were made.
  private(set) var origins: [String: Origin] = [:]

  /// A line of a file.
  struct Origin: Hashable {
    var file: String
    /// Counted from 1.
    var line: Int
  }

  /// What is wrong with a file.
  enum Problem: Hashable {
    case syntax(TOML.Problem.What)
    /// No such table, or no such key in it, and the known one that is spelt most like it.
    case unknownTable(String, nearest: String)
    case unknownKey(String, table: String, nearest: String)
    case badValue(String, of: String, expects: String)
  }

  /// The file in the folder.
  static let name = "looptop.toml"
  /// A file that is longer is none of ours.
  static let limit = 64 << 10

  /// The settings of whoever runs this, here.
  static func read() throws(Failure) -> Settings {
    var settings = Settings()
    for path in files {
      if let text = try text(of: path) { try settings.take(text, of: path) }
    }
    return settings
  }

  /// Where settings may stand; what a later one says goes before.
  static var files: [String] {
    func folder(_ name: String, _ rest: String) -> String? {
      getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 + rest }
    }
    let user = folder("XDG_CONFIG_HOME", "") ?? folder("HOME", "/.config")
    return [user.map { "\($0)/looptop/\(name)" }, name].compactMap(\.self)
  }

  /// The file's text; `nil` where there is none.
  private static func text(of path: String) throws(Failure) -> String? {
    guard let file = fopen(path, "re") else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .unreadableSettings(path, errno)
    }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
      count = fread(buffer.baseAddress, 1, limit + 1, file)
    }
    if ferror(file) != 0 { throw .unreadableSettings(path, errno) }
    guard bytes.count <= limit else { throw .unreadableSettings(path, EFBIG) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .unreadableSettings(path, EILSEQ) }
    return text
  }

  /// Takes what a file says. Throws `Failure.badSetting` at the first line that is not understood.
  mutating func take(_ text: String, of path: String) throws(Failure) {
    let document: TOML
    do throws(TOML.Problem) {
      document = try TOML(text)
    } catch {
      throw .badSetting(path, line: error.line, .syntax(error.what))
    }
    for entry in document.entries {
      let setting = try Settings.setting(for: entry, in: path)
      guard setting.set(&self, entry.value) else {
        throw .badSetting(
          path, line: entry.line, .badValue(entry.value.text, of: setting.name, expects: setting.expects))
      }
      origins[setting.name] = Origin(file: path, line: entry.line)
    }
  }

  private static func setting(for entry: TOML.Entry, in path: String) throws(Failure) -> Setting {
    if let setting = Setting.all.first(where: { $0.table == entry.table && $0.key == entry.key }) { return setting }
    let known = Setting.all.filter { $0.table == entry.table }
    guard !known.isEmpty else {
      // Ahead of all tables it is more likely that the table was forgotten.
      if entry.table.isEmpty, let home = nearest(to: entry.key, Setting.all.map(\.key)) {
        let table = Setting.all.first { $0.key == home }?.table ?? ""
        throw .badSetting(path, line: entry.line, .unknownKey(entry.key, table: "", nearest: "\(home) in [\(table)]"))
      }
      let table = nearest(to: entry.table, Setting.all.map(\.table)) ?? ""
      throw .badSetting(path, line: entry.line, .unknownTable(entry.table, nearest: table))
    }
    let key = nearest(to: entry.key, known.map(\.key)) ?? ""
    throw .badSetting(path, line: entry.line, .unknownKey(entry.key, table: entry.table, nearest: key))
  }
}
