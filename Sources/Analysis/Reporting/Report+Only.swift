import Trace

// What of a report is about one thing. The counts over the whole trace stay what they are.
extension Report {
  /// The report with only the rows that are about a site whose function or file contains the text.
  public func only(site text: String) -> Report {
    func isMeant(_ site: Site) -> Bool { site.function.contains(text) || site.file.contains(text) }
    var report = self
    report.sites.removeAll { !isMeant($0.site) }
    report.stalls.removeAll { !isMeant($0.site) }
    report.stallCount = UInt64(report.stalls.count)
    report.chainList.removeAll { chain in
      !isMeant(chain.site) && !(chain.waitingOn.map { isMeant($0.site) } ?? false)
        && !chain.steps.contains { isMeant($0.site) }
    }
    report.findings.removeAll { !isMeant($0.site) }
    return report
  }

  /// The report with only the chain of that id (`1:4711`), else those whose name contains the text, the nameless by their
  /// first callback's function, and the sites of their callbacks and of what they wait for, with their stalls and findings.
  public func only(chain text: String) -> Report {
    var report = self
    let meant = report.chainList.filter { "\($0.id.loop.number):\($0.id.serial)" == text }
    report.chainList.removeAll { !($0.name ?? $0.site.function).contains(text) }
    if !meant.isEmpty { report.chainList = meant }
    let sites = Set(
      report.chainList.flatMap { chain in
        [chain.site] + chain.steps.map(\.site) + (chain.waitingOn.map { [$0.site] } ?? [])
      })
    report.sites.removeAll { !sites.contains($0.site) }
    report.stalls.removeAll { !sites.contains($0.site) }
    report.stallCount = UInt64(report.stalls.count)
    report.findings.removeAll { !sites.contains($0.site) }
    return report
  }
}
