import ArgumentParser
import Trace

/// `looptop export`: a trace in another form.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a trace in another form to standard output.",
    discussion: "text: one event a line, to grep and to compare.")

  /// What a trace can be turned into.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
  }

  @Argument(help: "The trace.")
  var file: String

  @Option(name: .customLong("to"), help: "The form.")
  var format: Format

  func run() throws {
    let study = try Study(file: file)
    try study.writeText { Standard.output.write($0) }
  }
}
