import Analysis
import Trace

extension Listing {
  /// The chains: stalled first, then in flight by age.
  static let chains = Listing(
    columns: columns,
    empty: "No chain has begun yet.",
    rows: { $0.chainList },
    weight: { $0.state.weight },
    facts: { row in
      RowFacts(
        thing: row.thing, site: row.site, kind: row.waitingOn.map { "\($0.kind)" } ?? "", chain: row.title,
        loops: [row.id.loop], duration: row.duration,
        text: "\(row.state.rawValue) \(row.title) \(row.waitingOn?.title ?? "")")
    })
}

private let columns: [Column<ChainReport>] = [
  Column("state", .left(9), key: { SortKey($0.state.rawValue) }) { row, _ in row.state.rawValue },
  Column("chain", .share(4), key: { SortKey($0.title) }) { row, _ in row.title },
  Column("began", .right(11), from: 100, key: { .number($0.began.nanoseconds) }) { clock($0.began - $1.start) },
  Column("age", .right(7), key: { SortKey($0.duration) }) { words($0.duration, $1.glyphs) },
  Column("ran", .right(7), key: { SortKey($0.running) }) { words($0.running, $1.glyphs) },
  Column("queued", .right(7), from: 100, key: { SortKey($0.queued) }) { words($0.queued, $1.glyphs) },
  Column("waiting on", .share(5), from: 60, key: { SortKey($0.waitingOn?.title ?? "") }) { row, _ in
    row.waitingOn.map(\.title) ?? ""
  },
  Column("created at", .share(3), cut: .start, from: 120, key: { SortKey($0.waitingOn?.site ?? .unknown) }) { row, _ in
    row.waitingOn?.site.place ?? ""
  },
]

extension ChainReport {
  var thing: Thing { .chain(id) }
  /// What the program calls it, else where it began.
  var title: String { name ?? site.function }
}

extension ChainReport.State {
  var weight: Weight {
    switch self {
    case .stalled: .stuck
    case .failed: .bad
    case .running, .queued, .waiting, .completed: .fine
    }
  }
}

extension PendingOperation {
  /// What sort of thing, and its label or where it was created.
  var title: String { "\(kind) " + (label ?? "\(site.function) \(site.shortPlace)") }
}
