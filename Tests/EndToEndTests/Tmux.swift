import Glibc

/// A real terminal of a fixed size, with a shell that runs one command.
final class Tmux {
  private let socket = "looptop-\(getpid())-\(UInt32.random(in: .min ... .max))"

  /// Opens a terminal and runs a command in it; a shell stays when the command has ended.
  init(
    _ command: String, width: Int = 80, height: Int = 24, terminal: String = "tmux-256color",
    environment: [String: String] = [:]
  ) throws {
    _ = try tmux(
      ["-f", "/dev/null", "new-session", "-d", "-s", "test", "-x", "\(width)", "-y", "\(height)"]
        + ["LOOPTOP_DIR": Built.rings].merging(environment) { $1 }.flatMap { ["-e", "\($0.key)=\($0.value)"] }
        + [
          "-e", "LC_ALL=C.UTF-8", "-e", "PS1=$ ",
          // The type that tmux itself gives its panes would win over one in their environment.
          "sh -c 'export TERM=\(terminal); \(command); echo ended $?; exec sh'",
        ])
  }

  deinit { _ = try? tmux(["kill-server"]) }

  @discardableResult
  private func tmux(_ arguments: [String]) throws -> Output { try run(["tmux", "-L", socket] + arguments) }

  /// Presses keys, by tmux's names.
  func press(_ keys: String...) throws { try tmux(["send-keys", "-t", "test"] + keys) }

  /// Sends bytes as a terminal would.
  func write(_ text: String) throws { try tmux(["send-keys", "-t", "test", "-l", text]) }

  /// Sends single bytes, which need not be whole characters.
  func write(bytes: UInt8...) throws {
    try tmux(["send-keys", "-t", "test", "-H"] + bytes.map { String($0, radix: 16) })
  }

  /// Whether anything on the screen has a colour.
  func colors() throws -> Bool {
    let text = try tmux(["capture-pane", "-e", "-p", "-t", "test"]).out
    let codes = text.split(separator: "\u{1B}[").dropFirst().compactMap { $0.split(separator: "m").first }
    return codes.flatMap { $0.split(separator: ";") }.compactMap { Int($0) }
      .contains { (30...38).contains($0) || (90...97).contains($0) }
  }

  func resize(width: Int, height: Int) throws {
    try tmux(["resize-window", "-t", "test", "-x", "\(width)", "-y", "\(height)"])
  }

  /// What is on the screen, line by line, without spaces at the ends.
  func screen() throws -> String { try tmux(["capture-pane", "-p", "-t", "test"]).out }

  /// The same with the sequences that style it.
  func styledScreen() throws -> String { try tmux(["capture-pane", "-e", "-p", "-t", "test"]).out }

  /// The screen as soon as it holds a text; what it holds in the end if it never does.
  func screen(with text: String, within seconds: Double = 20) throws -> String {
    try eventually(within: seconds) {
      let screen = try self.screen()
      return screen.contains(text) ? screen : nil
    } ?? screen()
  }

  /// The screen as soon as it satisfies a condition; what it holds in the end if it never does.
  func screen(within seconds: Double = 20, where condition: (String) -> Bool) throws -> String {
    try eventually(within: seconds) {
      let screen = try self.screen()
      return condition(screen) ? screen : nil
    } ?? screen()
  }

  /// One of tmux's variables of the terminal, `cursor_flag`.
  func state(_ name: String) throws -> String {
    String(try tmux(["display-message", "-p", "-t", "test", "#{\(name)}"]).out.dropLast())
  }

  /// The process of that name among those that the terminal's shell started.
  func child(_ name: String) throws -> Int32? {
    let shell = try state("pane_pid")
    let children = String(decoding: contents("/proc/\(shell)/task/\(shell)/children"), as: UTF8.self)
    return children.split(separator: " ").compactMap { Int32($0) }.first { pid in
      String(decoding: contents("/proc/\(pid)/comm"), as: UTF8.self) == name + "\n"
    }
  }
}
