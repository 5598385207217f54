import Analysis
import ArgumentParser
import TraceStore

/// `looptop check`: a trace held against budgets, for CI.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Hold a trace against budgets; exit 1, with a line for each that it breaks.",
    discussion: """
      A trace of which something is missing is refused with exit code 3, unless --allow-gaps says that it will do.

      Examples:
        looptop check run.looptrace --max-callback 50ms --max-lag-p99 20ms --no never-settled
        looptop check run.looptrace --max-tick 100ms --output junit > result.xml
      """)

  @Argument(help: "The trace.", completion: .trace)
  var file: String

  @Option(help: "The longest self time that a callback may have: 50ms.")
  var maxCallback: TypedDuration?

  @Option(help: "The longest that a tick may take.")
  var maxTick: TypedDuration?

  @Option(name: .customLong("max-lag-p99"), help: "The longest that the 99th percentile of the timers' delays may be.")
  var maxLagP99: TypedDuration?

  @Option(
    name: .customLong("max-queue-delay-p99"),
    help: "The longest that the 99th percentile of all callbacks' delays may be.")
  var maxQueueDelayP99: TypedDuration?

  @Option(help: "A finding that there must not be: \(Budgets.findings.joined(separator: ", ")).")
  var no: [String] = []

  @Flag(help: "Check what there is of an incomplete trace.")
  var allowGaps = false

  @Option(help: "How to write it: \(CheckReport.allCases.map(\.rawValue).joined(separator: ", ")).")
  var output = CheckReport.text

  private var budgets: Budgets {
    Budgets(
      maxCallback: maxCallback?.length, maxTick: maxTick?.length, maxLagP99: maxLagP99?.length,
      maxQueueDelayP99: maxQueueDelayP99?.length, forbidden: no)
  }

  func validate() throws {
    if budgets.isEmpty { throw ValidationError("There is nothing to check: name a budget, as --max-callback 50ms") }
    if let unknown = no.first(where: { !Budgets.findings.contains($0) }) {
      throw ValidationError(
        "There is no finding \(visible(unknown)): there are \(Budgets.findings.joined(separator: ", "))")
    }
  }

  func run() throws {
    let study = try Study(file: file)
    try study.readFile()
    let report = study.report
    guard report.trace.events > 0 else { throw Failure.noEvents(file) }
    let isComplete = report.trace.complete && study.store.complete
    let breaches = budgets.breaches(in: report)
    Standard.output.write(output.render(breaches, of: budgets, complete: isComplete, path: file))
    guard isComplete || allowGaps else { throw Failure.incomplete(file) }
    if !breaches.isEmpty { throw ExitCode(Failure.checkFailedCode) }
  }
}

extension CheckReport: ExpressibleByArgument {}
