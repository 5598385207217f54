import Analysis
import Trace

extension Listing {
  /// What is wrong, worst first.
  static let findings = Listing(
    columns: columns,
    empty: "Nothing is wrong as far as can be seen.",
    rows: { $0.findings },
    weight: { $0.severity == .error ? .stuck : $0.severity == .warning ? .bad : .fine },
    facts: { row in
      RowFacts(thing: row.thing, site: row.site, loops: [row.loop], text: "\(row.id) \(row.severity) \(row.sentence)")
    })
}

private let columns: [Column<Finding>] = [
  Column("severity", .left(8), key: { .number($0.severity == .error ? 2 : $0.severity == .warning ? 1 : 0) }) {
    row, _ in
    row.severity.rawValue
  },
  Column("finding", .left(18), key: { SortKey($0.id) }) { row, _ in row.id },
  Column("where", .share(2), cut: .start, from: 100, key: { SortKey($0.site) }) { row, _ in row.site.place },
  Column("what", .share(3), key: { SortKey($0.sentence) }) { row, _ in row.sentence },
  Column("count", .right(6), from: 70, key: { SortKey($0.count) }) { row, _ in words(row.count) },
]

extension Finding {
  var thing: Thing { .finding(id, site) }
}

/// What is known of a finding.
func detailLines(_ finding: Finding, _ input: ScreenInput, width: Int) -> [DetailLine] {
  let setting = Setting(input)
  let role: Style.Role = finding.severity == .error ? .error : finding.severity == .warning ? .warning : .normal
  var lines: [DetailLine] = [
    DetailLine([Run(finding.id, .title), Run("  \(finding.severity.rawValue)", role)]), DetailLine([]),
  ]
  lines += finding.sentence.wrapped(to: width).map { DetailLine([Run($0)]) }
  lines += [DetailLine([])] + finding.advice.wrapped(to: width).map { DetailLine([Run($0, .dim)]) } + [DetailLine([])]
  lines.append(DetailLine(fact("function", finding.site.function)))
  lines.append(DetailLine(fact("where", finding.site.place)))
  lines.append(DetailLine(fact("how often", words(finding.count, "time"))))
  if let cause = finding.causedBy { lines.append(DetailLine(fact("caused by", cause))) }
  lines += [DetailLine([]), DetailLine([Run("See it", .title)])]
  lines.append(
    DetailLine(
      [Run("  at \(clock(finding.moment - setting.start)) on loop \(finding.loop.number)")],
      target: .moment(finding.loop, finding.moment)))
  if let waiting = input.report.chainList.first(where: { $0.waitingOn?.site == finding.site })?.waitingOn {
    lines.append(DetailLine([Run("  \(waiting.title), and who waits for it")], target: .thing(.operation(waiting.id))))
  }
  if let site = input.report.sites.first(where: { $0.site == finding.site }) {
    lines.append(DetailLine([Run("  the callback \(site.site.function)")], target: .thing(site.thing)))
  }
  return lines
}
