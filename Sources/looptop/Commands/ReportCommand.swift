import Analysis
import ArgumentParser
import TraceStore

/// `looptop report`: what a trace shows, as text.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Print what a trace shows: the verdict, the findings, the tables.")

  @Argument(help: "The trace.")
  var file: String

  @Flag(help: "Print JSON for a script; its keys are a contract, `schema` 1.")
  var json = false

  @Flag(help: "Print only how busy the loops were over time: at once, whatever the trace's length.")
  var overview = false

  func validate() throws {
    guard !(json && overview) else { throw ValidationError("The overview is text: leave out --json or --overview") }
  }

  func run() throws {
    let study = try Study(file: file)
    if overview { return try printOverview(of: study.store) }
    try study.readFile()
    guard study.report.trace.events > 0 else { throw Failure.noEvents(file) }
    let report = study.report
    Standard.output.write(
      json
        ? JSONReport.render(report, path: file, ledgers: try study.ledgers(of: report.chainList))
        : TextReport.render(report))
    let diagnostics = study.store.diagnostics
    if diagnostics.tornTail != nil || !diagnostics.damage.isEmpty {
      Standard.error.write("looptop: \(visible(file)) is not whole; `looptop verify` says what is lost\n")
    }
  }

  private func printOverview(of store: TraceStore) throws(Failure) {
    let overview = store.overview(slices: OverviewReport.rows)
    guard overview.events > 0 else { throw .noEvents(file) }
    Standard.output.write(OverviewReport.render(overview, bytes: store.diagnostics.bytes))
  }
}
