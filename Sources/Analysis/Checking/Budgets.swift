import Trace

/// What a trace is held against: what it may take at most, and which findings it must not have.
///
/// ```swift
/// let budgets = Budgets(maxCallback: .milliseconds(50), forbidden: ["never-settled"])
/// var analyzer = Analyzer(limits: budgets.limits)
/// analyzer.consume(Batch(loop: LoopID(1)), definitions: Definitions())
/// let breaches = budgets.breaches(in: analyzer.report(at: nil), analyzer.overlong(at: nil))
/// print(CheckReport.text.render(breaches, of: budgets.names, complete: true, path: "run.looptrace"))
/// ```
public struct Budgets: Hashable, Sendable {
  /// The self time of a callback.
  public var maxCallback: Nanoseconds?
  /// A tick.
  public var maxTick: Nanoseconds?
  /// The 99th percentile of a loop's lag.
  public var maxLagP99: Nanoseconds?
  /// The 99th percentile of a loop's queue delay.
  public var maxQueueDelayP99: Nanoseconds?
  /// Whether callbacks and ticks are measured by the CPU time that they used at most rather than by the clock.
  public var byCPUTime: Bool
  /// The names of findings that are breaches, explained by others or not.
  public var forbidden: [String]

  /// No budget but those that are given.
  public init(
    maxCallback: Nanoseconds? = nil, maxTick: Nanoseconds? = nil, maxLagP99: Nanoseconds? = nil,
    maxQueueDelayP99: Nanoseconds? = nil, byCPUTime: Bool = false, forbidden: [String] = []
  ) {
    self.maxCallback = maxCallback
    self.maxTick = maxTick
    self.maxLagP99 = maxLagP99
    self.maxQueueDelayP99 = maxQueueDelayP99
    self.byCPUTime = byCPUTime
    self.forbidden = forbidden
  }

  /// The names of all findings there are.
  public static var findings: [String] { Findings.names }

  /// Whether there is nothing to hold a trace against.
  public var isEmpty: Bool { names.isEmpty }

  /// What the analyzer has to watch for while it reads the trace.
  public var limits: Limits { Limits(callback: maxCallback, tick: maxTick, byCPUTime: byCPUTime) }

  /// The names of those that there are, in the order in which they are checked.
  public var names: [String] {
    [
      ("max-callback", maxCallback), ("max-tick", maxTick), ("max-lag-p99", maxLagP99),
      ("max-queue-delay-p99", maxQueueDelayP99),
    ].compactMap { $0.1 == nil ? nil : $0.0 } + forbidden.map { "no-\($0)" }
  }

  /// What breaks a budget; empty where all are kept.
  ///
  /// The report and what took too long are those of an analyzer that watched for `limits`.
  public func breaches(in report: Report, _ overlong: [Overlong]) -> [Breach] {
    overlong.compactMap { callbacks($0) } + overlong.compactMap { ticks($0, report) }
      + loops(report, "max-lag-p99", maxLagP99, "the 99th percentile of the lag is") { $0.lag?.p99 }
      + loops(report, "max-queue-delay-p99", maxQueueDelayP99, "the 99th percentile of the queue delay is") {
        $0.queueDelay?.p99
      } + findings(report)
  }

  private func callbacks(_ overlong: Overlong) -> Breach? {
    guard let maxCallback, case .callbacks(let site) = overlong.subject else { return nil }
    return breach("max-callback", site, overlong, allowed: maxCallback) { time in
      "\(Format.function(site)) \(overlong.worst.isRunning ? "has been running" : "ran") for \(time)"
    }
  }

  private func ticks(_ overlong: Overlong, _ report: Report) -> Breach? {
    guard let maxTick, case .ticks(let id) = overlong.subject else { return nil }
    let name = report.loops.first { $0.info.id == id }.map(Self.name) ?? "\(id.number)"
    return breach("max-tick", nil, overlong, allowed: maxTick) { time in "loop \(name): a tick took \(time)" }
  }

  private func breach(
    _ budget: String, _ site: Site?, _ overlong: Overlong, allowed: Nanoseconds, _ subject: (String) -> String
  ) -> Breach {
    let worst = overlong.worst
    let measured = byCPUTime && !overlong.isDeprived ? worst.cpu ?? worst.length : worst.length
    var sentence = subject(Format.duration(measured)) + ", more than \(Format.duration(allowed))"
    if overlong.isDeprived, let cpu = worst.cpu {
      sentence += ", but for \(Format.duration(cpu)) at most on a CPU: the machine gave it none for the rest"
    } else if byCPUTime {
      sentence += worst.cpu == nil ? " (its CPU time was not recorded)" : " of CPU time"
    }
    if overlong.count > 1 { sentence += "; so it was \(Format.times(overlong.count))" }
    return Breach(
      budget: budget, site: site, sentence: sentence, measured: measured, allowed: allowed,
      excuse: overlong.isDeprived ? .noCPU : nil)
  }

  private func loops(
    _ report: Report, _ budget: String, _ allowed: Nanoseconds?, _ subject: String,
    _ measure: (LoopReport) -> Nanoseconds?
  ) -> [Breach] {
    guard let allowed else { return [] }
    return report.loops.compactMap { loop in
      guard let measured = measure(loop), measured > allowed else { return nil }
      return Breach(
        budget: budget, site: nil,
        sentence:
          "loop \(Self.name(loop)): \(subject) \(Format.duration(measured)), more than \(Format.duration(allowed))",
        measured: measured, allowed: allowed)
    }
  }

  private static func name(_ loop: LoopReport) -> String {
    loop.info.name.isEmpty ? "\(loop.info.id.number)" : Format.visible(loop.info.name)
  }

  private func findings(_ report: Report) -> [Breach] {
    report.findings.filter { forbidden.contains($0.id) }.map { finding in
      Breach(budget: "no-\(finding.id)", site: finding.site, sentence: finding.sentence, measured: nil, allowed: nil)
    }
  }
}
