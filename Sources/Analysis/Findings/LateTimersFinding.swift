import Trace

/// Timers that ran long after they were due.
enum LateTimersFinding: FindingCheck {
  static let id = "late-timers"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.lateTimers.map { late in
      let finding = Finding(
        id: id, severity: .warning, site: late.site, sentence: sentence(late),
        advice: "Look at what the loop did when the timer was due; where it was in its poll, the machine woke it late.",
        count: late.count, causedBy: nil,
        numbers: ["count": Int64(clamping: late.count), "latest_ns": late.late.count],
        loop: late.loop, moment: late.due)
      return Found(finding: finding, subjects: subjects(late))
    }
  }

  /// The passes that explain all but a few of them.
  private static func subjects(_ late: Evidence.LateTimer) -> Set<Subject> {
    let explained = late.causes.filter { $0.key != .other }
    guard explained.values.reduce(0, +) >= late.count - late.count / 10 else { return [] }
    return Set(explained.keys.map { .overruns(late.loop, $0) })
  }

  private static func sentence(_ late: Evidence.LateTimer) -> String {
    let name = Format.function(late.site)
    if late.count == 1 { return "A timer of \(name) ran \(Format.duration(late.late)) late." }
    return "\(Format.count(late.count)) timers ran late, the latest one, of \(name), by \(Format.duration(late.late))."
  }
}
