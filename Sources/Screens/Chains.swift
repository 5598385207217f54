import Analysis
import Trace

extension Listing {
  /// The chains: stalled first, then in flight by age.
  static let chains = Listing(
    columns: columns,
    empty: "No chain has begun yet.",
    rows: { $0.chainList },
    thing: { $0.thing },
    weight: { $0.state.weight })
}

private let columns: [Column<ChainReport>] = [
  Column("state", .left(9), key: { .text($0.state.rawValue, 0) }) { row, _ in row.state.rawValue },
  Column("chain", .share(4), key: { .text($0.title, 0) }) { row, _ in row.title },
  Column("began", .right(11), from: 100, key: { .number($0.began.nanoseconds) }) { clock($0.began - $1.start) },
  Column("age", .right(7), key: { SortKey($0.duration) }) { words($0.duration, $1.glyphs) },
  Column("ran", .right(7), key: { SortKey($0.running) }) { words($0.running, $1.glyphs) },
  Column("waiting on", .share(5), from: 60) { row, _ in row.waitingOn.map(\.title) ?? "" },
  Column("created at", .share(3), cut: .start, from: 120) { row, _ in row.waitingOn?.site.place ?? "" },
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

/// What is known of a chain.
func detailLines(_ chain: ChainReport, _ setting: Setting) -> [Line] {
  func time(_ time: Nanoseconds) -> String { words(time, setting.glyphs) }
  var lines: [Line] = [
    [Run(chain.title, .title), Run("  \(chain.state.rawValue)", chain.state.weight.role)],
    fact("began", "\(clock(chain.began - setting.start)) in \(chain.site.function)"),
    fact("where", chain.site.place),
    fact("age", time(chain.duration)),
    fact("running", time(chain.running)),
    fact("queued", time(chain.queued)),
    fact("waiting", time(chain.waiting)),
    [],
  ]
  if let pending = chain.waitingOn { lines += waitingLines(pending, setting) }
  lines.append([Run("Steps, the last \(ChainReport.stepLimit) at most", .title)])
  for step in chain.steps {
    let indent = String(repeating: "  ", count: max(0, min(step.depth, 16)))
    lines.append([
      Run("  " + padded(clock(step.began - setting.start), 11) + padded(time(step.duration), 9) + "  ", .dim),
      Run(indent + step.site.function + "  "), Run("\(step.kind)  \(step.site.place)", .dim),
    ])
  }
  return lines
}

private func waitingLines(_ pending: PendingOperation, _ setting: Setting) -> [Line] {
  var lines: [Line] = [
    [Run("Waits for", .title)],
    fact("a", "\(pending.kind)" + (pending.label.map { ", \($0)" } ?? "")),
    fact("created by", pending.site.function),
    fact("where", pending.site.place),
    fact(
      "age",
      "\(words(setting.now - pending.created, setting.glyphs)), created at "
        + clock(pending.created - setting.start)),
  ]
  if let due = pending.due {
    let left = due - setting.now
    let words = words(Nanoseconds(Int64(clamping: left.count.magnitude)), setting.glyphs)
    lines.append(left < .zero ? fact("due", "\(words) ago", .warning) : fact("due", "in \(words)"))
  }
  return lines + [[]]
}
