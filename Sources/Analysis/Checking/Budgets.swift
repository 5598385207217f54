import Trace

/// What a trace is held against: what it may take at most, and which findings it must not have.
public struct Budgets: Hashable, Sendable {
  /// The self time of a callback.
  public var maxCallback: Nanoseconds?
  /// A tick.
  public var maxTick: Nanoseconds?
  /// The 99th percentile of a loop's lag.
  public var maxLagP99: Nanoseconds?
  /// The 99th percentile of a loop's queue delay.
  public var maxQueueDelayP99: Nanoseconds?
  /// The names of findings that are breaches, explained by others or not.
  public var forbidden: [String]

  /// No budget but those that are given.
  public init(
    maxCallback: Nanoseconds? = nil, maxTick: Nanoseconds? = nil, maxLagP99: Nanoseconds? = nil,
    maxQueueDelayP99: Nanoseconds? = nil, forbidden: [String] = []
  ) {
    self.maxCallback = maxCallback
    self.maxTick = maxTick
    self.maxLagP99 = maxLagP99
    self.maxQueueDelayP99 = maxQueueDelayP99
    self.forbidden = forbidden
  }

  /// The names of all findings there are.
  public static var findings: [String] { Findings.names }

  /// Whether there is nothing to hold a trace against.
  public var isEmpty: Bool { self == Budgets() }

  /// What of the report breaks a budget; empty where it keeps them all.
  public func breaches(in report: Report) -> [Breach] {
    callbacks(report) + loops(report, "max-tick", maxTick, "a tick took") { $0.tick?.max }
      + loops(report, "max-lag-p99", maxLagP99, "the 99th percentile of the lag is") { $0.lag?.p99 }
      + loops(report, "max-queue-delay-p99", maxQueueDelayP99, "the 99th percentile of the queue delay is") {
        $0.queueDelay?.p99
      } + findings(report)
  }

  private func callbacks(_ report: Report) -> [Breach] {
    guard let maxCallback else { return [] }
    return report.sites.filter { $0.max > maxCallback }.sorted { $0.max > $1.max }.map { site in
      let running = site.worst.first?.running == true ? "has been running" : "ran"
      return Breach(
        budget: "max-callback", site: site.site,
        sentence: "\(Format.function(site.site)) \(running) for \(Format.duration(site.max)), "
          + "more than \(Format.duration(maxCallback))", measured: site.max, allowed: maxCallback)
    }
  }

  private func loops(
    _ report: Report, _ budget: String, _ allowed: Nanoseconds?, _ subject: String,
    _ measure: (LoopReport) -> Nanoseconds?
  ) -> [Breach] {
    guard let allowed else { return [] }
    return report.loops.compactMap { loop in
      guard let measured = measure(loop), measured > allowed else { return nil }
      let name = loop.info.name.isEmpty ? "\(loop.info.id.number)" : Format.visible(loop.info.name)
      return Breach(
        budget: budget, site: nil,
        sentence: "loop \(name): \(subject) \(Format.duration(measured)), more than \(Format.duration(allowed))",
        measured: measured, allowed: allowed)
    }
  }

  private func findings(_ report: Report) -> [Breach] {
    report.findings.filter { forbidden.contains($0.id) }.map { finding in
      Breach(budget: "no-\(finding.id)", site: finding.site, sentence: finding.sentence, measured: nil, allowed: nil)
    }
  }
}

/// A budget that a trace does not keep.
public struct Breach: Hashable, Sendable {
  /// Its name, `max-callback` or `no-never-settled`.
  public var budget: String
  /// Where in the code, where it is about one place.
  public var site: Site?
  /// What was found, in a line.
  public var sentence: String
  /// What was measured; `nil` for a finding.
  public var measured: Nanoseconds?
  /// What was allowed; `nil` for a finding.
  public var allowed: Nanoseconds?
}
