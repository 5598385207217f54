import Trace

/// Chains of which nothing ran for longer than the stalled threshold, and nobody is known who will wake them.
enum StalledChain: FindingCheck {
  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Finding] {
    let explaining = Set(evidence.neverSettled.map(\.oldest.site))
    var byPlace: [Site: [ChainReport]] = [:]
    var order: [Site] = []
    for chain in evidence.stalledChains {
      let place = chain.waitingOn?.site ?? chain.site
      if byPlace[place] == nil { order.append(place) }
      byPlace[place, default: []].append(chain)
    }
    return order.compactMap { place in
      guard let chains = byPlace[place], let oldest = chains.first else { return nil }
      let isExplained = oldest.waitingOn != nil && explaining.contains(place)
      return Finding(
        id: "stalled-chain", severity: isExplained ? .info : .error, site: place, sentence: sentence(chains, oldest),
        advice: "Find who was to settle what it waits for; a time-out bounds the harm.",
        count: UInt64(chains.count), causedBy: isExplained ? NeverSettled.id : nil,
        numbers: ["count": Int64(chains.count), "oldest_ns": oldest.duration.count], loop: oldest.id.loop,
        moment: oldest.began)
    }
  }

  private static func sentence(_ chains: [ChainReport], _ oldest: ChainReport) -> String {
    let reason = oldest.waitingOn.map {
      " waiting for \(Format.one($0.kind)) created by \(Format.function($0.site))"
    }
    let age = Format.duration(oldest.duration)
    if chains.count == 1 {
      return "\(Format.name(oldest)) is stalled after \(age)" + (reason.map { "," + $0 } ?? "") + "."
    }
    return "\(Format.count(UInt64(chains.count))) chains are stalled\(reason ?? ""); the oldest, "
      + "\(Format.name(oldest)), began \(age) ago."
  }
}
