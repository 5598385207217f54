import Trace

/// A callback that keeps its loop from everything else for longer than the slow threshold.
enum BlockingCallback: FindingCheck {
  static let id = "blocking-callback"
  /// From here on it is an error: no client waits so patiently.
  private static let severe = Nanoseconds.milliseconds(1_000)

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    var bySite: [Site: [SiteReport]] = [:]
    var order: [Site] = []
    for report in evidence.sites where report.slow > 0 {
      if bySite[report.site] == nil { order.append(report.site) }
      bySite[report.site, default: []].append(report)
    }
    let found = order.compactMap { finding(at: $0, bySite[$0] ?? [], thresholds: thresholds) }
    // Still running first, then by the time that they may have cost others, then by their own.
    return found.enumerated().sorted { a, b in
      let (x, y) = (a.element.finding.numbers, b.element.finding.numbers)
      let isRunning = (x["running_ns"] != nil, y["running_ns"] != nil)
      if isRunning.0 != isRunning.1 { return isRunning.0 }
      let ranks = ["harm_up_to_ns", "harm_ns", "total_ns"].map { (x[$0] ?? 0, y[$0] ?? 0) }
      return ranks.first { $0.0 != $0.1 }.map { $0.0 > $0.1 } ?? (a.offset < b.offset)
    }.map(\.element)
  }

  private static func finding(at site: Site, _ reports: [SiteReport], thresholds: Thresholds) -> Found? {
    let count = reports.reduce(0) { $0 + $1.slow }
    let total = reports.reduce(Nanoseconds.zero) { $0 + $1.slowOwn }
    let instances = reports.flatMap(\.worst).filter { $0.own > thresholds.slow }
    let longest = instances.map(\.own).max() ?? .zero
    let running = instances.filter(\.running).max { $0.own < $1.own }
    guard let worst = running ?? instances.max(by: { $0.own < $1.own }) else { return nil }
    var numbers = ["count": Int64(clamping: count), "longest_ns": longest.count, "total_ns": total.count]
    numbers["running_ns"] = running?.own.count
    let harm = Harm(
      certain: reports.reduce(.zero) { $0 + $1.harm }, upTo: reports.reduce(.zero) { $0 + $1.harmUpTo },
      victims: reports.reduce(0) { $0 + $1.victims })
    numbers["harm_ns"] = harm.certain.count
    numbers["harm_up_to_ns"] = harm.upTo.count
    numbers["victims"] = Int64(clamping: harm.victims)
    let finding = Finding(
      id: id, severity: running != nil || longest >= severe ? .error : .warning, site: site,
      sentence: sentence(site, count: count, longest: longest, total: total, running: running?.own)
        + sentence(harm),
      advice: "Take the work off the loop: hand it to the thread pool, or split it and let the loop poll in between.",
      count: count, causedBy: nil, numbers: numbers, loop: worst.loop, moment: worst.began)
    return Found(finding: finding, subjects: Set(instances.map { .overruns($0.loop, .slowCallback) }))
  }

  /// What it did to others; nothing where it did nothing worth a word.
  private static func sentence(_ harm: Harm) -> String {
    guard harm.victims > 0, harm.upTo >= .milliseconds(1) else { return "" }
    let callbacks = harm.victims == 1 ? "1 callback" : "\(Format.count(harm.victims)) callbacks"
    if harm.upTo == harm.certain { return " It made \(callbacks) wait, \(Format.duration(harm.certain)) in all." }
    if harm.certain == .zero { return " Up to \(callbacks) waited for it, up to \(Format.duration(harm.upTo)) in all." }
    return " It made up to \(callbacks) wait, \(Format.duration(harm.certain)) to \(Format.duration(harm.upTo)) in all."
  }

  private static func sentence(
    _ site: Site, count: UInt64, longest: Nanoseconds, total: Nanoseconds, running: Nanoseconds?
  ) -> String {
    let name = Format.function(site)
    if let running {
      let now = "\(name) has been running for \(Format.duration(running)) and blocks the loop"
      return count == 1 ? now + "." : now + ", as it did \(Format.times(count - 1)) before."
    }
    if count == 1 { return "\(name) blocked the loop for \(Format.duration(longest))." }
    return "\(name) blocked the loop \(Format.times(count)), for up to \(Format.duration(longest)), "
      + "\(Format.duration(total)) in all."
  }
}
