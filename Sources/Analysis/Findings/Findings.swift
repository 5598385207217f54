import Trace

/// One thing that can be wrong with a program. A new one is a file of its own and a row of `Findings.checks`.
protocol FindingCheck: SendableMetatype {
  /// What is found, worst first: the check, the sentences about what was found, the thresholds and the advice.
  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found]
  /// Its name.
  static var id: String { get }
}

/// A finding with what it is about: one that explains another shares something with it.
struct Found {
  var finding: Finding
  var subjects: Set<Subject>
}

/// What a finding is about.
enum Subject: Hashable {
  /// Operations that were created at a site.
  case operations(Site)
  /// Passes of a loop that took too long.
  case overruns(LoopID, Overrun)
}

/// All that is looked for.
enum Findings {
  /// In the order in which findings of the same severity are read.
  private static let checks: [any FindingCheck.Type] = [
    BlockingCallback.self, Starvation.self, TickOverBudget.self, LateTimersFinding.self, SpinningLoop.self,
    GrowingQueue.self,
    SaturatedPool.self, WaitingCycle.self, NeverSettled.self, StalledChain.self, UnhandledFailure.self,
    DroppedOperation.self,
  ]

  /// The names of all of them.
  static var names: [String] { checks.map { $0.id } }

  /// As many of one kind are a list that nobody reads to its end.
  private static let limit = 100

  /// Which finding is explained by which, the deepest cause first: one place for all.
  private static let explanations: [String: [String]] = [
    LateTimersFinding.id: [BlockingCallback.id, Starvation.id, TickOverBudget.id],
    NeverSettled.id: [WaitingCycle.id],
    StalledChain.id: [WaitingCycle.id, NeverSettled.id],
  ]

  /// The findings, those that another one explains marked so: they are no trouble of their own.
  private static func explained(_ found: [Found]) -> [Finding] {
    var about: [String: Set<Subject>] = [:]
    for one in found { about[one.finding.id, default: []].formUnion(one.subjects) }
    return found.map { one in
      var finding = one.finding
      let causes = explanations[finding.id] ?? []
      guard let cause = causes.first(where: { !one.subjects.isDisjoint(with: about[$0] ?? []) }) else { return finding }
      finding.causedBy = cause
      finding.severity = .info
      return finding
    }
  }

  /// What is wrong, worst first, of a trace that begins then: what is older can be seen at its begin.
  static func all(in evidence: Evidence, thresholds: Thresholds, from: Instant?) -> [Finding] {
    var found = explained(checks.flatMap { $0.findings(in: evidence, thresholds: thresholds).prefix(limit) })
    for index in found.indices { found[index].moment = max(found[index].moment, from ?? found[index].moment) }
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

  /// Passes of a loop that took too long without one slow callback, of which one site took most.
  struct Overrun {
    var loop: LoopID
    var why: Analysis.Overrun
    var site: Site
    var count: UInt64
    var total: Nanoseconds
    /// The longest one: how long, when, and what that site had of it.
    var longest: Nanoseconds
    var began: Instant
    var callbacks: UInt64
    var ofSite: (count: UInt32, own: Nanoseconds)
  }

  /// Timers of a loop that ran too late.
  struct LateTimer {
    var loop: LoopID
    var count: UInt64
    /// The latest one.
    var site: Site
    var due: Instant
    var late: Nanoseconds
    var causes: [Analysis.Overrun: UInt64]
  }

  /// A loop that went round and round, and nothing came of it.
  struct Spin {
    var loop: LoopID
    var site: Site?
    var count: UInt64
    var total: Nanoseconds
    var longest: SpinWatch.Run
  }

  /// A ready queue that did not get shorter.
  struct Growth {
    var loop: LoopID
    var name: String
    /// That of most callbacks in it.
    var site: Site?
    var first: UInt32
    var last: UInt32
    var moment: Instant
  }

  /// Calls that waited too long for a thread.
  struct PoolWait {
    var loop: LoopID
    var site: Site
    var waits: PoolWatch.Waits
    var mostQueued: UInt32
  }

  /// All callbacks by site and kind.
  var sites: [SiteReport]
  /// The longest first.
  var overruns: [Overrun]
  /// One of each loop that has any.
  var lateTimers: [LateTimer]
  var spins: [Spin]
  var growths: [Growth]
  var poolWaits: [PoolWait]
  /// Operations that wait for each other, in the order in which they do.
  var cycles: [[PendingOperation]]
  /// The oldest first.
  var stalledChains: [StalledChains]
  /// The oldest first.
  var neverSettled: [NeverSettled]
  /// Released unsettled; the most frequent first.
  var dropped: [Incident]
  /// Failed, and nobody handled it; the most frequent first.
  var unhandled: [Incident]
}
