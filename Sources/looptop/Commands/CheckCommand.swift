import Analysis
import ArgumentParser
import TraceStore

/// `looptop check`: a trace held against budgets, and against an earlier one, for CI.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Hold a trace against budgets; exit 1, with a line for each that it breaks.",
    discussion: """
      A trace of which something is missing is refused with exit code 3, unless --allow-gaps says that it will do.

      A callback or a tick that was slow only because the machine gave the loop no CPU is told and not counted; so is what
      got worse than in the baseline but may be noise (rank test of Mann and Whitney, p < 0.001).

      Budgets that no option names are those of looptop.toml, see `looptop config`.

      Examples:
        looptop check run.looptrace --max-callback 50ms --max-lag-p99 20ms --no never-settled
        looptop check run.looptrace --baseline main.looptrace --worse-than 20%
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

  @Flag(
    inversion: .prefixedNo, help: "Measure callbacks and ticks by the CPU time that they used, not by the clock.")
  var cpuTime: Bool?

  @Option(help: "A finding that there must not be: \(Budgets.findings.joined(separator: ", ")).")
  var no: [String] = []

  @Option(
    help: ArgumentHelp("An earlier trace of the same program: nothing may be worse than in it.", valueName: "file"))
  var baseline: String?

  @Option(help: "By how much something may be worse than in the baseline: 10% unless set.")
  var worseThan: TypedShare?

  @Flag(help: "Check what there is of an incomplete trace.")
  var allowGaps = false

  @Option(help: "How to write it: \(CheckReport.allCases.map(\.rawValue).joined(separator: ", ")).")
  var output = CheckReport.text

  @OptionGroup var thresholds: ThresholdOptions

  private func budgets(over settings: Settings) -> Budgets {
    var budgets = settings.budgets
    if let maxCallback { budgets.maxCallback = maxCallback.length }
    if let maxTick { budgets.maxTick = maxTick.length }
    if let maxLagP99 { budgets.maxLagP99 = maxLagP99.length }
    if let maxQueueDelayP99 { budgets.maxQueueDelayP99 = maxQueueDelayP99.length }
    if let cpuTime { budgets.byCPUTime = cpuTime }
    if !no.isEmpty { budgets.forbidden = no }
    return budgets
  }

  func validate() throws {
    if let unknown = no.first(where: { !Budgets.findings.contains($0) }) {
      throw ValidationError(
        "There is no finding \(visible(unknown)): there are \(Budgets.findings.joined(separator: ", "))")
    }
  }

  func run() throws {
    let settings = try Settings.read()
    let budgets = budgets(over: settings)
    if budgets.isEmpty && baseline == nil {
      throw ValidationError("There is nothing to check: name a budget, as --max-callback 50ms, or a --baseline")
    }
    let thresholds = thresholds.thresholds(over: settings)
    let study = try Study(file: file, thresholds: thresholds, limits: budgets.limits)
    let report = try read(study, file)
    var breaches = budgets.breaches(in: report, study.overlong)
    var names = budgets.names
    var incomplete = isComplete(report, study) ? nil : file
    if let baseline {
      let earlier = try Study(file: baseline, thresholds: thresholds)
      if !isComplete(try read(earlier, baseline), earlier) { incomplete = incomplete ?? baseline }
      let comparison = Comparison(of: earlier.analyzer, with: study.analyzer)
      breaches += Baseline(worseThan: worseThan?.share ?? settings.worseThan).breaches(in: comparison)
      names.append(Baseline.name)
    }
    Standard.output.write(output.render(breaches, of: names, complete: incomplete == nil, path: file))
    if let incomplete, !allowGaps { throw Failure.incomplete(incomplete) }
    if breaches.contains(where: { $0.excuse == nil }) { throw ExitCode(Failure.checkFailedCode) }
  }

  private func read(_ study: Study, _ file: String) throws(Failure) -> Report {
    try study.readFile()
    let report = study.report
    guard report.trace.events > 0 else { throw .noEvents(file) }
    return report
  }

  private func isComplete(_ report: Report, _ study: Study) -> Bool { report.trace.complete && study.store.complete }
}

extension CheckReport: ExpressibleByArgument {}
