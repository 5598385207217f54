import Analysis
import Trace

extension Listing {
  /// The stalls: still going on first, then the longest.
  static let stalls = Listing(
    columns: columns,
    empty: "No stall: the loops have always come round in time.",
    rows: { $0.stalls },
    weight: { $0.ended ? .bad : .running },
    facts: { row in
      RowFacts(
        thing: row.thing, site: row.site, kind: "\(row.kind)", loops: [row.loop], duration: row.duration,
        text: row.cause.rawValue)
    })
}

private let columns: [Column<Stall>] = [
  Column("blocked by", .share(5), key: { SortKey($0.site.function) }) { row, _ in row.site.function },
  Column("where", .share(4), cut: .start, from: 60, key: { SortKey($0.site) }) { row, _ in row.site.place },
  Column("kind", .left(8), from: 120, key: { SortKey("\($0.kind)") }) { row, _ in "\(row.kind)" },
  Column("cause", .left(10), from: 100, key: { SortKey($0.cause.rawValue) }) { row, _ in
    row.cause == .unknown ? "" : row.cause.rawValue
  },
  Column("loop", .right(5), from: 90, key: { .number(-Int64($0.loop.number)) }) { row, _ in "\(row.loop.number)" },
  Column("began", .right(11), from: 50, key: { .number($0.began.nanoseconds) }) { clock($0.began - $1.start) },
  Column("duration", .right(9), key: { SortKey($0.duration) }) { words($0.duration, $1.glyphs) },
  Column("harm", .right(8), from: 60, key: { harmKey($0.harm, upTo: $0.harmUpTo) }) {
    harmWords($0.harm, upTo: $0.harmUpTo, $1.glyphs)
  },
  Column("victims", .right(7), from: 70, key: { SortKey($0.victims) }) { row, _ in
    row.victims == 0 ? "" : words(row.victims)
  },
  Column("callbacks", .right(9), from: 110, key: { SortKey($0.callbacks) }) { row, _ in words(row.callbacks) },
]

extension Stall {
  var thing: Thing { .stall(loop, began) }
}
