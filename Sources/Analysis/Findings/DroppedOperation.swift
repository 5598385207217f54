import Trace

/// Operations that were released unsettled: whoever waited for them never hears.
enum DroppedOperation: FindingCheck {
  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Finding] {
    evidence.dropped.map { incident in
      let name = Format.function(incident.site)
      let sentence =
        incident.count == 1
        ? "An operation created by \(name) was released unsettled: its callbacks can never run."
        : "\(Format.count(incident.count)) operations created by \(name) were released unsettled: their callbacks can "
          + "never run."
      return Finding(
        id: "dropped-operation", severity: .warning, site: incident.site,
        sentence: sentence,
        advice: "Keep it until it is settled, and cancel it where it is no longer wanted.", count: incident.count,
        causedBy: nil, numbers: ["count": Int64(clamping: incident.count)], loop: incident.loop,
        moment: incident.moment)
    }
  }
}
