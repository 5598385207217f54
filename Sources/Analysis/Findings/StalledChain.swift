import Trace

/// Chains of which nothing ran for longer than the stalled threshold, and nobody is known who will wake them.
enum StalledChain: FindingCheck {
  static let id = "stalled-chain"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.stalledChains.map { group in
      let oldest = group.oldest
      let site = oldest.waitingOn?.site ?? oldest.site
      let finding = Finding(
        id: id, severity: .error, site: site, sentence: sentence(group),
        advice: "Find who was to settle what it waits for; a time-out bounds the harm.", count: group.count,
        causedBy: nil, numbers: ["count": Int64(clamping: group.count), "oldest_ns": oldest.duration.count],
        loop: oldest.id.loop, moment: oldest.began)
      return Found(finding: finding, subjects: oldest.waitingOn.map { [.operations($0.site)] } ?? [])
    }
  }

  private static func sentence(_ group: Evidence.StalledChains) -> String {
    let reason = group.oldest.waitingOn.map {
      ", waiting for \(Format.one($0.kind)) created by \(Format.function($0.site))"
    }
    let age = Format.duration(group.oldest.duration)
    let name = Format.name(group.oldest)
    if group.count == 1 { return "\(name) is stalled after \(age)\(reason ?? "")." }
    return "\(Format.count(group.count)) chains are stalled\(reason ?? ""); the oldest, \(name), began \(age) ago."
  }
}
