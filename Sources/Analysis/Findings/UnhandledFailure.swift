import Trace

/// Failures that reached the end of their chain, and nobody handled them.
enum UnhandledFailure: FindingCheck {
  static let id = "unhandled-failure"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.unhandled.map { incident in
      let name = Format.function(incident.site)
      let text = incident.text.isEmpty ? "" : ": \(Format.visible(incident.text))"
      let sentence =
        incident.count == 1
        ? "A failure of what \(name) created was never handled\(text)"
        : "\(Format.count(incident.count)) failures of what \(name) created were never handled, the last one\(text)"
      let finding = Finding(
        id: id, severity: .warning, site: incident.site, sentence: sentence,
        advice: "Add an errback at the end of the chain.", count: incident.count, causedBy: nil,
        numbers: ["count": Int64(clamping: incident.count)], loop: incident.loop, moment: incident.moment)
      return Found(finding: finding, subjects: [.operations(incident.site)])
    }
  }
}
