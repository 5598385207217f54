import ArgumentParser
import Drain
import Trace

/// `looptop list`: what can be attached to.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the programs that can be attached to, and what is left of those that died.")

  func run() throws {
    let found = try Programs.find()
    for problem in found.unusable { Standard.error.write("looptop: \(problem.sentence)\n") }
    guard !found.programs.isEmpty else {
      Standard.error.write(
        "Nothing to attach to: no program of yours records. Try `looptop demo blocking-query`, or see the README on\n"
          + "how to instrument your own.\n")
      return
    }
    Standard.output.write(ListCommand.table(found.programs))
  }

  /// One line a program, columns aligned.
  static func table(_ programs: [Program]) -> String {
    let rows =
      [["PID", "STATE", "LOOPS", "COMMAND"]]
      + programs.map { program in
        [
          "\(program.identity.pid)", program.state,
          program.rings.map { visible($0.header.name) }.joined(separator: ","),
          visible(program.command),
        ]
      }
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return (padded + [row[3]]).joined(separator: "  ") + "\n"
    }.joined()
  }
}
