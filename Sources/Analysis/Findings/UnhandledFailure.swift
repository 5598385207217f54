import Trace

/// Failures that reached the end of their chain, and nobody handled them.
enum UnhandledFailure: FindingCheck {
  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Finding] {
    evidence.unhandled.map { incident in
      let name = Format.function(incident.site)
      let text = incident.text.isEmpty ? "" : ": \(Format.visible(incident.text))"
      let sentence =
        incident.count == 1
        ? "A failure of what \(name) created was never handled\(text)"
        : "\(Format.count(incident.count)) failures of what \(name) created were never handled, the last one\(text)"
      return Finding(
        id: "unhandled-failure", severity: .warning, site: incident.site, sentence: sentence,
        advice: "Add an errback at the end of the chain.", count: incident.count, causedBy: nil,
        numbers: ["count": Int64(clamping: incident.count)], loop: incident.loop, moment: incident.moment)
    }
  }
}
