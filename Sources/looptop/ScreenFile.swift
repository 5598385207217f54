import Glibc

/// Screens written to files, as text.
enum ScreenFile {
  /// Writes lines to a new file in the current folder, which nobody else may read; says what became of it.
  static func write(_ lines: [String]) -> String {
    for number in 1...999 {
      let name = "looptop-screen-\(number).txt"
      let file = Glibc.open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if file < 0 && errno == EEXIST { continue }
      guard file >= 0 else { return "cannot write \(name): \(String(cString: strerror(errno)))" }
      defer { close(file) }
      let text = Array(lines.map { $0 + "\n" }.joined().utf8)
      guard Glibc.write(file, text, text.count) == text.count else { return "\(name) could not be written whole" }
      return "written to \(name)"
    }
    return "there are 999 screens here already"
  }
}
