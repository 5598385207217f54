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
