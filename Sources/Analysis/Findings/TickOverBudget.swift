import Trace

/// A loop that does not reach its poll in time though no single callback is slow: too many of them run in one tick.
enum TickOverBudget: FindingCheck {
  static let id = "tick-over-budget"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.overruns.filter { $0.why == .manyCallbacks }.map { overrun in
      let finding = Finding(
        id: id, severity: .warning, site: overrun.site, sentence: sentence(overrun),
        advice: "Let the loop poll in between: do a part of the work in a tick, and call soon for the rest.",
        count: overrun.count, causedBy: nil, numbers: overrun.numbers, loop: overrun.loop, moment: overrun.began)
      return Found(finding: finding, subjects: [.overruns(overrun.loop, .manyCallbacks)])
    }
  }

  private static func sentence(_ overrun: Evidence.Overrun) -> String {
    let share =
      "\(Format.count(UInt64(overrun.ofSite.count))) of \(Format.function(overrun.site)) took "
      + "\(Format.duration(overrun.ofSite.own)) of it"
    let what =
      "\(Format.count(overrun.callbacks)) callbacks, none of them slow, kept the loop from its poll for "
      + "\(Format.duration(overrun.longest)); \(share)"
    return overrun.count == 1
      ? what + "."
      : "\(what). So it was \(Format.times(overrun.count)), "
        + "\(Format.duration(overrun.total)) in all."
  }
}
