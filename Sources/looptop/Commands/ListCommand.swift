import ArgumentParser
import CLinux
import Drain
import Trace

/// `looptop list`: what can be attached to.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the programs that can be attached to, and what is left of those that died.",
    discussion: """
      STATE is running; ended, where the loops ended in good order; or died. AGE is how long ago the last event of a
      program was that is gone: what it did last is in its rings until they are removed. `looptop recover PID` makes a
      trace of them, `looptop clean` removes them.

      Examples:
        looptop list
        looptop list | grep running
      """)

  func run() throws {
    let found = try Programs.find()
    for problem in found.unusable { Standard.error.write("looptop: \(problem.sentence)\n") }
    guard !found.programs.isEmpty else {
      Standard.error.write(
        "Nothing to attach to: no program of yours records. Try `looptop demo blocking-query`, or see the README on\n"
          + "how to instrument your own.\n")
      return
    }
    Standard.output.write(ListCommand.table(found.programs, now: ll_realtime()))
  }

  /// One line a program, columns aligned; ages are counted to `now` on `CLOCK_REALTIME`.
  static func table(_ programs: [Program], now: Int64) -> String {
    let rows =
      [["PID", "STATE", "AGE", "LOOPS", "COMMAND"]]
      + programs.map { program in
        [
          "\(program.identity.pid)", program.state, program.last.map { age(Nanoseconds(now &- $0)) } ?? "-",
          program.rings.map { visible($0.header.name) }.joined(separator: ","),
          visible(program.command),
        ]
      }
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return (padded + [row[4]]).joined(separator: "  ") + "\n"
    }.joined()
  }

  /// A length of time in its largest whole unit.
  static func age(_ age: Nanoseconds) -> String {
    let seconds = max(age.count, 0) / 1_000_000_000
    return switch seconds {
    case ..<60: "\(seconds)s"
    case ..<3_600: "\(seconds / 60)m"
    case ..<86_400: "\(seconds / 3_600)h"
    default: "\(seconds / 86_400)d"
    }
  }
}
