import Glibc
import Terminal

/// What a person wants every time, from `looptop/config` in `$XDG_CONFIG_HOME` or `~/.config`: lines as `theme = dark`
/// and `ascii = yes`; what follows a # is a remark.
struct Settings: Equatable {
  var theme: Theme?
  var ascii = false

  /// No more than that is read of it.
  private static let limit = 64 << 10

  /// The settings of whoever runs this; none where there is no such file.
  static func read() throws(Failure) -> Settings {
    guard let path = path(), let file = fopen(path, "re") else { return Settings() }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = fread(buffer.baseAddress, 1, limit, file)
    }
    return try Settings(String(decoding: bytes, as: UTF8.self), of: path)
  }

  private static func path() -> String? {
    func folder(_ name: String, _ rest: String) -> String? {
      getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 + rest }
    }
    return (folder("XDG_CONFIG_HOME", "") ?? folder("HOME", "/.config")).map { $0 + "/looptop/config" }
  }

  init() {}

  /// Settings from the file's text; the first line that is not understood is an error.
  init(_ text: String, of path: String) throws(Failure) {
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = line.prefix { $0 != "#" }.split { " \t\r=".contains($0) }.map(String.init)
      switch (words.first, words.dropFirst().first, words.count) {
      case (nil, _, _): continue
      case ("theme", let name?, 2) where Theme(rawValue: name) != nil: theme = Theme(rawValue: name)
      case ("ascii", "yes", 2): ascii = true
      case ("ascii", "no", 2): ascii = false
      default: throw .badSetting(path, line: index + 1, String(line))
      }
    }
  }
}
