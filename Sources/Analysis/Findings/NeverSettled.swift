import Trace

/// Operations that are pending for longer than the stalled threshold, and nobody is known who will settle them.
enum NeverSettled: FindingCheck {
  static let id = "never-settled"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.neverSettled.map { group in
      let finding = Finding(
        id: id, severity: .error, site: group.oldest.site, sentence: sentence(group),
        advice: "See that every path settles or cancels it, the failing ones too, or give it a time-out.",
        count: group.count, causedBy: nil,
        numbers: ["count": Int64(clamping: group.count), "oldest_ns": group.age.count], loop: group.oldest.id.loop,
        moment: group.oldest.created)
      return Found(finding: finding, subjects: [.operations(group.oldest.site)])
    }
  }

  private static func sentence(_ group: Evidence.NeverSettled) -> String {
    let place = "created by \(Format.function(group.oldest.site))"
    let age = Format.duration(group.age)
    if group.count == 1 {
      let subject = "\(group.oldest.kind == .unknown ? "An" : "A") \(Format.noun(group.oldest.kind))"
      return "\(subject) \(place) has been pending for \(age); nobody is known to settle it."
    }
    return "\(Format.several(group.count, group.oldest.kind)) \(place) have been pending for up to \(age); "
      + "nobody is known to settle them."
  }
}
