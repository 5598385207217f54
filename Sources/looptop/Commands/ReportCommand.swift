import Analysis
import ArgumentParser
import Trace
import TraceStore

/// `looptop report`: what a trace shows, as text.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Print what a trace shows: the verdict, the findings, the tables.",
    discussion: """
      Examples:
        looptop report run.looptrace --since 2s --until 2.5s
        looptop report run.looptrace --chain "GET /users" --slow 10ms
      """)

  @Argument(help: "The trace.", completion: .trace)
  var file: String

  @Flag(help: "Print JSON for a script; its keys are a contract, `schema` 1.")
  var json = false

  @Flag(help: "Print only how busy the loops were over time: at once, whatever the trace's length.")
  var overview = false

  @Option(help: "Leave out what happened earlier than so long after the trace's begin: 1.5s.")
  var since: TypedDuration?

  @Option(help: "Leave out what happened later than so long after the trace's begin.")
  var until: TypedDuration?

  @Option(help: "Leave out the other loops: a name or a number.")
  var loop: String?

  @Option(help: "Show only the chains whose name contains this, or that of an id, and their callbacks; step by step.")
  var chain: String?

  @Option(help: "Show only what is about sites whose function or file contains this.")
  var site: String?

  @OptionGroup var thresholds: ThresholdOptions

  func validate() throws {
    guard !(json && overview) else { throw ValidationError("The overview is text: leave out --json or --overview") }
    let lengths = [since, until].compactMap { $0 }
    let names = [loop, chain, site].compactMap { $0 }
    guard !overview || lengths.isEmpty && names.isEmpty && thresholds.isEmpty else {
      throw ValidationError("The overview is of the whole trace: leave out --overview or what restricts it")
    }
    if let since, let until, until.length <= since.length {
      throw ValidationError("--until has to be later than --since")
    }
  }

  func run() throws {
    let study = try Study(file: file, thresholds: thresholds.thresholds(over: try Settings.read()))
    if overview { return try printOverview(of: study.store) }
    let part = try part(of: study.store)
    try study.readFile(part)
    var report = study.report
    guard report.trace.events > 0 else { throw part.isWhole ? Failure.noEvents(file) : .noEventsInPart(file) }
    if let chain { report = report.only(chain: chain) }
    if let site { report = report.only(site: site) }
    let waterfalls = chain == nil ? nil : try study.waterfalls(of: report.toldChains)
    Standard.output.write(
      json
        ? JSONReport.render(
          report, path: file,
          details: JSONReport.Details(ledgers: try study.ledgers(of: report.toldChains), waterfalls: waterfalls))
        : TextReport.render(report, about: subject, waterfalls: waterfalls))
    let diagnostics = study.store.diagnostics
    if diagnostics.tornTail != nil || !diagnostics.damage.isEmpty {
      Standard.error.write("looptop: \(visible(file)) is not whole; `looptop verify` says what is lost\n")
    }
  }

  private var subject: String? {
    let parts = [chain.map { "chain \($0)" }, site.map { "site \($0)" }].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private func part(of store: TraceStore) throws(Failure) -> TracePart {
    let begin = store.chunks.map(\.from).min() ?? Instant(0)
    return TracePart(
      from: since.map { begin + $0.length }, to: until.map { begin + $0.length },
      loops: try loop.map { name throws(Failure) in try loops(named: name, in: store.definitions.loops) })
  }

  private func loops(named name: String, in loops: [LoopInfo]) throws(Failure) -> Set<LoopID> {
    let meant = loops.filter { $0.name == name || "\($0.id.number)" == name }
    guard !meant.isEmpty else { throw .noSuchLoop(name, known: loops.map { "\($0.name) (\($0.id.number))" }) }
    return Set(meant.map(\.id))
  }

  private func printOverview(of store: TraceStore) throws(Failure) {
    let overview = store.overview(slices: OverviewReport.rows)
    guard overview.events > 0 else { throw .noEvents(file) }
    Standard.output.write(OverviewReport.render(overview, bytes: store.diagnostics.bytes))
  }
}
