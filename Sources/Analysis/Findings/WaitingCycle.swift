import Trace

/// Operations that wait for each other: none of them can ever settle.
enum WaitingCycle: FindingCheck {
  static let id = "waiting-cycle"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.cycles.compactMap { cycle in
      guard let first = cycle.min(by: { $0.created < $1.created }) else { return nil }
      let finding = Finding(
        id: id, severity: .error, site: first.site, sentence: sentence(cycle),
        advice: "Break the circle: one of them must not wait for the others, or must be settled by somebody else.",
        count: 1, causedBy: nil, numbers: ["operations": Int64(cycle.count)], loop: first.id.loop, moment: first.created
      )
      return Found(finding: finding, subjects: Set(cycle.map { .operations($0.site) }))
    }
  }

  private static func sentence(_ cycle: [PendingOperation]) -> String {
    let names = cycle.map { "\(Format.one($0.kind)) of \(Format.function($0.site))" }
    guard names.count > 1 else { return "\(capital(names[0])) waits for itself." }
    let shown = names.prefix(4)
    let middle = shown.dropFirst().map { " waits for \($0)" }.joined(separator: ", which")
    let rest = names.count > shown.count ? ", and so on over \(names.count) operations," : ", which"
    return "\(capital(shown[0]))\(middle)\(rest) waits for the first."
  }

  private static func capital(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
