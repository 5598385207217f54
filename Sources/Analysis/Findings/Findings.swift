import Trace

/// One thing that can be wrong with a program. A new one is a file of its own and a row of `Findings.checks`.
protocol FindingCheck: SendableMetatype {
  /// What is found, worst first: the check, the sentences about what was found, the thresholds and the advice.
  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Finding]
}

/// All that is looked for.
enum Findings {
  /// In the order in which findings of the same severity are read.
  private static let checks: [any FindingCheck.Type] = [
    BlockingCallback.self, NeverSettled.self, StalledChain.self, UnhandledFailure.self, DroppedOperation.self,
  ]

  /// As many of one kind are a list that nobody reads to its end.
  private static let limit = 100

  /// What is wrong, worst first.
  static func all(in evidence: Evidence, thresholds: Thresholds) -> [Finding] {
    let found = checks.flatMap { $0.findings(in: evidence, thresholds: thresholds).prefix(limit) }
    return Severity.allCases.reversed().flatMap { severity in found.filter { $0.severity == severity } }
  }
}

/// What the checks look at.
struct Evidence {
  /// Operations of one site and kind that nobody is known to settle.
  struct NeverSettled {
    var oldest: PendingOperation
    var age: Nanoseconds
    var count: UInt64
  }

  /// Stalled chains that wait for operations of one site.
  struct StalledChains {
    var oldest: ChainReport
    var count: UInt64
  }

  /// Something that happened to operations created at a site.
  struct Incident {
    var site: Site
    var count: UInt64
    var loop: LoopID
    /// The last time.
    var moment: Instant
    var text: String
  }

  /// All callbacks by site and kind.
  var sites: [SiteReport]
  /// The oldest first.
  var stalledChains: [StalledChains]
  /// The oldest first.
  var neverSettled: [NeverSettled]
  /// Released unsettled; the most frequent first.
  var dropped: [Incident]
  /// Failed, and nobody handled it; the most frequent first.
  var unhandled: [Incident]
}
