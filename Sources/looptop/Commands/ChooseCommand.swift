import ArgumentParser
import CLinux
import Glibc
import Screens
import Terminal
import Trace

/// `looptop` alone: choose programs, then watch them. Without a terminal, the list.
struct ChooseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "choose", abstract: "Choose among the programs that can be attached to.", shouldDisplay: false)

  @OptionGroup var screen: ScreenOptions

  func run() throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return try ListCommand().run() }
    guard let (programs, sideBySide) = try choose() else { return }
    try AttachCommand.attach(programs, sideBySide: sideBySide, screen)
  }

  /// How often one looks for programs.
  private static let interval = Duration.milliseconds(500)

  /// The programs that are chosen, and whether they are to be compared; `nil` where none is. The terminal is given back.
  private func choose() throws -> (programs: [Program], sideBySide: Bool)? {
    var terminal = try Viewer.open(screen.look())
    var picker = Picker()
    while true {
      let programs = try Programs.find().programs
      picker.rows = programs.map(ChooseCommand.row)
      terminal.paint(picker.draw(size: terminal.size, glyphs: terminal.glyphs))
      for event in terminal.events(within: ChooseCommand.interval) {
        switch event {
        case .key(let key):
          switch picker.handle(key) {
          case .quit: return nil
          case .open(let rows, let sideBySide):
            let chosen = programs.filter { program in
              rows.contains { $0.pid == program.identity.pid && $0.command == program.command }
            }
            if !chosen.isEmpty { return (chosen, sideBySide) }
          case nil: break
          }
        case .pointer(.wheelDown): _ = picker.handle(.down)
        case .pointer(.wheelUp): _ = picker.handle(.up)
        case .pointer, .resized: break
        case .signal(let number): throw Ended(signal: number)
        case .hungUp: throw Ended(signal: SIGHUP)
        }
      }
    }
  }

  private static func row(_ program: Program) -> PickerRow {
    let age = program.last.map { " " + ListCommand.age(Nanoseconds(ll_realtime() &- $0)) + " ago" }
    return PickerRow(
      pid: program.identity.pid, state: program.state + (age ?? ""), isRunning: program.isRunning,
      loops: program.rings.map(\.header.name), command: program.command)
  }
}
