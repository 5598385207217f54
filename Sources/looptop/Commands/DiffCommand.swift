import Analysis
import ArgumentParser

/// `looptop diff`: what got better and worse from one trace to another.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two traces: what is new, worse, gone, better; chance taken into account.",
    discussion: """
      Examples:
        looptop diff yesterday.looptrace today.looptrace
      """)

  @Argument(help: "The earlier trace.", completion: .trace)
  var before: String

  @Argument(help: "The later trace.", completion: .trace)
  var after: String

  @Flag(help: "Print JSON for a script.")
  var json = false

  @OptionGroup var thresholds: ThresholdOptions

  func run() throws {
    let thresholds = thresholds.thresholds(over: try Settings.read())
    let studies = try [before, after].map { file in
      let study = try Study(file: file, thresholds: thresholds)
      try study.readFile()
      guard study.report.trace.events > 0 else { throw Failure.noEvents(file) }
      return study
    }
    let comparison = Comparison(of: studies[0].analyzer, with: studies[1].analyzer)
    Standard.output.write(
      json ? DiffJSON.render(comparison, before: before, after: after) : DiffReport.render(comparison))
  }
}
