import Analysis
import Trace

extension Listing {
  /// The callbacks by site and kind.
  static let callbacks = Listing(
    columns: columns,
    empty: "No callback has run yet.",
    rows: { $0.sites },
    weight: { $0.runningFor != nil && $0.slow > 0 ? .running : $0.slow > 0 ? .bad : .fine },
    facts: { row in
      RowFacts(
        thing: row.thing, site: row.site, kind: "\(row.kind)", loops: row.worst.map(\.loop), duration: row.max)
    })
}

private let columns: [Column<SiteReport>] = [
  Column("function", .share(5), key: { SortKey($0.site.function) }) { row, _ in row.site.function },
  Column("where", .share(4), cut: .start, from: 60, key: { SortKey($0.site) }) { row, _ in row.site.place },
  Column("kind", .left(8), from: 120, key: { SortKey("\($0.kind)") }) { row, _ in "\(row.kind)" },
  Column("count", .right(7), from: 50, key: { SortKey($0.count) }) { row, _ in words(row.count) },
  Column("total", .right(7), from: 70, key: { SortKey($0.total) }) { words($0.total, $1.glyphs) },
  Column("self", .right(7), from: 140, key: { SortKey($0.own) }) { words($0.own, $1.glyphs) },
  Column("p50", .right(7), from: 140, key: { SortKey($0.p50 ?? .zero) }) { words($0.p50, $1.glyphs) },
  Column("p99", .right(7), from: 80, key: { SortKey($0.p99 ?? .zero) }) { words($0.p99, $1.glyphs) },
  Column("max", .right(7), key: { SortKey($0.max) }) { words($0.max, $1.glyphs) },
  Column("harm", .right(8), from: 80, key: { harmKey($0.harm, upTo: $0.harmUpTo) }) {
    harmWords($0.harm, upTo: $0.harmUpTo, $1.glyphs)
  },
  Column("victims", .right(7), from: 100, key: { SortKey($0.victims) }) { row, _ in
    row.victims == 0 ? "" : words(row.victims)
  },
  Column("slow", .right(5), from: 100, key: { SortKey($0.slow) }) { row, _ in row.slow == 0 ? "" : words(row.slow) },
  Column("threw", .right(5), from: 140, key: { SortKey($0.threw) }) { row, _ in
    row.threw == 0 ? "" : words(row.threw)
  },
]

extension SiteReport {
  var thing: Thing { .site(site, kind) }
}

/// What is known of the callbacks of one site.
func detailLines(_ site: SiteReport, _ input: ScreenInput) -> [DetailLine] {
  let setting = Setting(input)
  func time(_ time: Nanoseconds?) -> String { words(time, setting.glyphs) }
  var lines: [Line] = [
    [Run(site.site.function, .title)],
    fact("where", site.site.place),
    fact("kind", "\(site.kind)"),
    fact("ran", words(site.count, "time")),
    fact("total", "\(time(site.total)), of which \(time(site.own)) its own"),
    fact("self time", "p50 \(time(site.p50)), p99 \(time(site.p99)), max \(time(site.max))"),
    fact("slow", site.slow == 0 ? "never" : words(site.slow, "time"), site.slow == 0 ? .normal : .warning),
  ]
  if site.threw > 0 { lines.append(fact("threw", words(site.threw, "time"), .warning)) }
  if let running = site.runningFor { lines.append(fact("running", "for \(time(running)) now", .error)) }
  lines.append(harmFact(site.harm, upTo: site.harmUpTo, victims: site.victims, setting))
  lines += [[], [Run("Worst runs, by self time", .title)]]
  let longest = max(1, site.worst.first?.own.count ?? 1)
  return lines.map { DetailLine($0) }
    + site.worst.map { run in
      let bar = bar(Double(run.own.count) / Double(longest), cells: 24, setting.glyphs)
      return DetailLine(
        [
          Run("  " + padded(clock(run.began - setting.start), 12) + " " + padded(time(run.own), 9) + "  "),
          Run(bar + " ", .bar), Run("loop \(run.loop.number)  "),
          Run(run.running ? setting.glyphs.running + " still running" : "", .error),
        ], target: .moment(run.loop, run.began))
    }
}
