import Trace

/// A report for a person to read: what is wrong first, then the tables, 80 columns wide.
public enum TextReport {
  private static let width = 80
  /// Rows of a table: one screen holds them all, and the first are the ones that matter.
  private static let rows = 8

  /// The report's lines, each ended by a line feed; free of colours and of what a terminal would obey.
  ///
  /// Of a report with only the rows about one thing, `subject` says what that is: `site query`. The first of its
  /// chains is shown step by step where there is its waterfall.
  public static func render(_ report: Report, about subject: String? = nil, waterfalls: Waterfalls? = nil) -> String {
    let sections =
      [
        verdict(report, subject) + [""] + heading(report), findings(report), loops(report), sites(report),
        stalls(report),
        chains(report, withIDs: waterfalls != nil),
      ] + steps(report, waterfalls) + [operations(report), doubts(report)]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }

  // MARK: What it comes to

  private static func verdict(_ report: Report, _ subject: String?) -> [String] {
    sentence(report, subject).wrapped(to: width)
  }

  private static func sentence(_ report: Report, _ subject: String?) -> String {
    if report.trace.events == 0 { return "The trace is empty." }
    let wrong = report.findings.filter { $0.severity > .info }
    guard let worst = wrong.first else {
      if let subject { return "Nothing is found wrong with \(Format.visible(subject))." }
      if report.stallCount > 0 {
        let times = Format.times(report.stallCount)
        return "A loop was kept from its poll \(times), though callbacks did not take most of the time."
      }
      return "Healthy: every loop reached its poll in time, and nothing hangs."
    }
    if wrong.count == 1 { return worst.sentence }
    return "\(wrong.count) things are wrong, first of all: \(worst.sentence)"
  }

  private static func amount(_ count: UInt64, _ noun: String) -> String {
    "\(Format.count(count)) \(noun)\(count == 1 ? "" : "s")"
  }

  private static func heading(_ report: Report) -> [String] {
    let processes = report.processes.map { process in
      let name = process.command.isEmpty ? "(no command)" : Format.visible(process.command)
      return "\(name.shortened(to: 40)) (pid \(process.pid), \(Format.visible(process.runtime)))".shortened(to: width)
    }
    let facts = [
      Format.duration(report.trace.to - report.trace.from), amount(report.trace.events, "event"),
      amount(report.callbacks, "callback"), report.trace.complete ? "complete" : "incomplete",
    ]
    return listed(processes) + [facts.joined(separator: ", ")]
  }

  /// The first of many lines.
  private static func listed(_ lines: [String]) -> [String] {
    lines.count <= rows ? lines : lines.prefix(rows) + ["… and \(lines.count - rows) more"]
  }

  private static func more(_ count: Int) -> [String] {
    count > rows ? ["  … and \(Format.count(UInt64(count - rows))) more"] : []
  }

  private static func findings(_ report: Report) -> [String] {
    guard !report.findings.isEmpty else { return [] }
    let lines = report.findings.prefix(rows).flatMap { finding in
      let cause = finding.causedBy.map { ", explained by \($0)" } ?? ""
      let place = Format.place(finding.site)
      let loop = report.loops.count > 1 ? " on loop \(finding.loop.number)" : ""
      let moment = "See it at \(Format.duration(finding.moment - report.trace.from))\(loop)."
      let title = "  \(finding.severity.rawValue): \(finding.id)\(cause)"
      let advice = finding.causedBy == nil ? finding.advice : ""
      return [title + (place.isEmpty ? "" : "  \(place)".shortened(to: max(width - title.displayWidth, 0)))]
        + ["\(finding.sentence.ended) \(moment)", advice].flatMap { $0.wrapped(to: width - 4) }.map { "    " + $0 }
    }
    return ["FINDINGS"] + lines + more(report.findings.count)
  }

  // MARK: Tables

  private static func loops(_ report: Report) -> [String] {
    var table = TextTable(
      ("loop", .left), ("busy", .right), ("callbacks", .right), ("ticks", .right), ("tick p99", .right),
      ("tick max", .right), ("lag p99", .right), ("lag max", .right))
    for loop in report.loops.prefix(rows) {
      table.add(
        loop.info.name.isEmpty ? "\(loop.info.id.number)" : Format.visible(loop.info.name),
        loop.utilization.map(Format.percent) ?? "–", Format.count(loop.callbacks), Format.count(loop.ticks),
        duration(loop.tick?.p99), duration(loop.tick?.max), duration(loop.lag?.p99), duration(loop.lag?.max))
    }
    return report.loops.isEmpty ? [] : ["LOOPS"] + table.lines(width: width) + more(report.loops.count)
  }

  private static func duration(_ duration: Nanoseconds?) -> String { duration.map(Format.duration) ?? "–" }

  /// A dash where nobody waited.
  private static func harm(_ harm: Nanoseconds) -> String { harm > .zero ? Format.duration(harm) : "–" }

  private static func sites(_ report: Report) -> [String] {
    var table = TextTable(
      ("callback", .left), ("count", .right), ("slow", .right), ("self", .right), ("p99", .right),
      ("max", .right), ("harm", .right), ("up to", .right))
    for site in report.sites.prefix(rows) {
      table.add(
        Format.function(site.site), Format.count(site.count), Format.count(site.slow),
        Format.duration(site.own), duration(site.p99), Format.duration(site.max), harm(site.harm), harm(site.harmUpTo))
    }
    return report.sites.isEmpty ? [] : ["CALLBACKS"] + table.lines(width: width) + more(report.sites.count)
  }

  private static func stalls(_ report: Report) -> [String] {
    var table = TextTable(
      ("callback", .left), ("at", .right), ("for", .right), ("self", .right), ("harm", .right),
      ("up to", .right), ("cause", .left))
    for stall in report.stalls.prefix(rows) {
      table.add(
        Format.function(stall.site), Format.duration(stall.began - report.trace.from),
        Format.duration(stall.duration) + (stall.ended ? "" : " …"), Format.duration(stall.own),
        harm(stall.harm), harm(stall.harmUpTo), stall.cause.rawValue)
    }
    let title = "STALLS  a loop did not reach its poll in time: \(Format.times(report.stallCount))"
    return report.stalls.isEmpty ? [] : [title] + table.lines(width: width) + more(report.stalls.count)
  }

  private static func chains(_ report: Report, withIDs: Bool) -> [String] {
    guard !report.chainList.isEmpty else { return [] }
    let counts = report.chains
    var table = TextTable(
      ("chain", .left), ("state", .left), ("age", .right), ("ran", .right), ("queued", .right),
      (withIDs ? "id" : "waits for", .left))
    for chain in report.chainList.prefix(rows) {
      let leaf = chain.waitingOn.map { leaf in
        leaf.label.map { "\(Format.noun(leaf.kind)) \(Format.visible($0))" }
          ?? "\(Format.noun(leaf.kind)) of \(Format.function(leaf.site).shortened(to: 20))"
      }
      let id = "\(chain.id.loop.number):\(chain.id.serial)"
      table.add(
        Format.name(chain).shortened(to: 24), chain.state.rawValue, Format.duration(chain.duration),
        Format.duration(chain.running), harm(chain.queued), withIDs ? id : leaf?.shortened(to: 26) ?? "")
    }
    let title =
      "CHAINS  \(Format.count(counts.completed)) completed, \(Format.count(counts.failed)) failed, "
      + "\(Format.count(counts.inFlight)) in flight (\(Format.count(counts.waiting)) waiting, "
      + "\(Format.count(counts.stalled)) stalled)"
    return [title.shortened(to: width)] + table.lines(width: width) + more(report.chainList.count)
  }

  /// The first chain step by step; the others are to be had by their ids.
  private static func steps(_ report: Report, _ waterfalls: Waterfalls?) -> [[String]] {
    guard let chain = report.chainList.first, let waterfall = waterfalls?[chain.id] else { return [] }
    return [WaterfallReport.lines(chain, waterfall, since: report.trace.from)]
  }

  private static func operations(_ report: Report) -> [String] {
    let counts = report.operations
    guard counts.created > 0 else { return [] }
    let parts = [
      (counts.succeeded, "succeeded"), (counts.failed, "failed"), (counts.cancelled, "cancelled"),
      (counts.dropped, "dropped"), (counts.pending, "pending"),
    ]
    let text = parts.map { "\(Format.count($0.0)) \($0.1)" }.joined(separator: ", ")
    let lines = "\(Format.count(counts.created)) created: \(text)".wrapped(to: width - 2)
    return ["OPERATIONS"] + lines.map { "  " + $0 }
  }

  // MARK: What is not known

  private static func doubts(_ report: Report) -> [String] {
    let gaps = report.trace.gaps.map { gap in
      let events = gap.gap.events.map { amount($0, "event") } ?? "events"
      return "  loop \(gap.loop.number), \(Format.duration(gap.gap.from - report.trace.from)) to "
        + "\(Format.duration(gap.gap.to - report.trace.from)): \(events) missing (\(gap.gap.reason))"
    }
    let title = "GAPS  \(amount(report.trace.gapCount, "gap")): what happened in them is in no number above"
    let anomalies = Anomaly.allCases.compactMap { anomaly in
      report.anomalies[anomaly].map { "  \(anomaly.rawValue), \(Format.times($0)): \(anomaly.sentence)" }
    }.flatMap { $0.wrapped(to: width - 2).enumerated().map { ($0.offset == 0 ? "  " : "    ") + $0.element } }
    return (gaps.isEmpty ? [] : [title] + gaps.prefix(rows) + more(gaps.count))
      + (anomalies.isEmpty ? [] : ["ANOMALIES  the trace contradicts itself"] + anomalies)
  }
}

extension String {
  /// With a full stop where it has none: a traced program's text may end a sentence.
  fileprivate var ended: String { last.map { ".?!".contains($0) } == true ? self : self + "." }
}
