import Trace

/// A comparison of two traces for a person to read, 80 columns wide: what got worse first.
public enum DiffReport {
  private static let width = 80
  private static let rows = 12

  /// The comparison's lines, each ended by a line feed; free of colours and of what a terminal would obey.
  public static func render(_ comparison: Comparison) -> String {
    let sections = [
      verdict(comparison) + [""] + heading(comparison), findings(comparison), lengths("LOOPS", comparison.loops),
      lengths("CALLBACKS  self time", comparison.sites), chains(comparison), method,
    ]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }

  private static let method =
    ("Changed is what the rank test (Mann-Whitney, p < 0.001) tells from chance, if the median or the 99th percentile "
    + "moved the same way by more than 5 %.").wrapped(to: width)

  private static func verdict(_ comparison: Comparison) -> [String] {
    let changes = comparison.findings.filter { $0.finding.severity > .info }.map(\.change)
    let lengths = (comparison.loops + comparison.sites).map(\.change)
    func count(_ changes: [Comparison.Change], _ wanted: Comparison.Change, _ noun: String) -> String? {
      let count = changes.filter { $0 == wanted }.count
      return count == 0 ? nil : "\(count) \(noun)"
    }
    let parts = [
      count(changes, .new, "new among the findings"), count(changes, .worse, "worse among the findings"),
      count(lengths, .worse, "slower"), count(changes, .gone, "gone from the findings"),
      count(changes, .better, "better among the findings"), count(lengths, .better, "faster"),
    ].compactMap { $0 }
    return (parts.isEmpty ? "No difference beyond chance." : parts.joined(separator: ", ") + ".").wrapped(to: width)
  }

  private static func heading(_ comparison: Comparison) -> [String] {
    [("before", comparison.before), ("after", comparison.after)].map { word, report in
      let length = Format.duration(report.trace.to - report.trace.from)
      let whole = report.trace.complete ? "complete" : "incomplete"
      return "\(word): \(length), \(Format.count(report.callbacks)) callbacks, \(whole)"
    }
  }

  private static func findings(_ comparison: Comparison) -> [String] {
    guard !comparison.findings.isEmpty else { return [] }
    var table = TextTable(
      ("finding", .left), ("change", .left), ("severity", .left), ("before", .right), ("after", .right))
    for row in comparison.findings.prefix(rows) {
      let place = row.finding.site.function.isEmpty ? "" : " \(Format.function(row.finding.site))"
      table.add(
        row.finding.id + place, row.change.rawValue, row.finding.severity.rawValue, count(row.before), count(row.after))
    }
    return ["FINDINGS"] + table.lines(width: width) + more(comparison.findings.count)
  }

  private static func count(_ count: UInt64) -> String { count == 0 ? "–" : Format.count(count) }

  private static func lengths(_ title: String, _ all: [Comparison.Lengths]) -> [String] {
    guard !all.isEmpty else { return [] }
    var table = TextTable(
      ("", .left), ("change", .left), ("count", .right), ("now", .right), ("p50", .right), ("now", .right),
      ("p99", .right), ("now", .right))
    for row in all.prefix(rows) {
      table.add(
        Format.visible(row.name), row.change.rawValue, count(row.before?.count ?? 0), count(row.after?.count ?? 0),
        duration(row.before?.p50), duration(row.after?.p50), duration(row.before?.p99), duration(row.after?.p99))
    }
    return [title] + table.lines(width: width) + more(all.count)
  }

  private static func duration(_ duration: Nanoseconds?) -> String { duration.map(Format.duration) ?? "–" }

  private static func more(_ count: Int) -> [String] {
    count > rows ? ["  … and \(Format.count(UInt64(count - rows))) more"] : []
  }

  private static func chains(_ comparison: Comparison) -> [String] {
    var table = TextTable(
      ("", .left), ("completed", .right), ("failed", .right), ("in flight", .right), ("stalled", .right))
    for (word, report) in [("before", comparison.before), ("after", comparison.after)] {
      let counts = report.chains
      table.add(
        word, Format.count(counts.completed), Format.count(counts.failed), Format.count(counts.inFlight),
        Format.count(counts.stalled))
    }
    return ["CHAINS"] + table.lines(width: width)
  }
}
