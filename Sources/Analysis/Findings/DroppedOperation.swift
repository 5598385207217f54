import Trace

/// Operations that were released unsettled: whoever waited for them never hears.
enum DroppedOperation: FindingCheck {
  static let id = "dropped-operation"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.dropped.map { incident in
      let name = Format.function(incident.site)
      let sentence =
        incident.count == 1
        ? "An operation created by \(name) was released unsettled: its callbacks can never run."
        : "\(Format.count(incident.count)) operations created by \(name) were released unsettled: their callbacks can "
          + "never run."
      let finding = Finding(
        id: id, severity: .warning, site: incident.site,
        sentence: sentence,
        advice: "Keep it until it is settled, and cancel it where it is no longer wanted.", count: incident.count,
        causedBy: nil, numbers: ["count": Int64(clamping: incident.count)], loop: incident.loop,
        moment: incident.moment)
      return Found(finding: finding, subjects: [.operations(incident.site)])
    }
  }
}
