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

/// What is known of a chain.
func detailLines(_ chain: ChainReport, _ setting: Setting) -> [DetailLine] {
  func time(_ time: Nanoseconds) -> String { words(time, setting.glyphs) }
  let lines: [Line] = [
    [Run(chain.title, .title), Run("  \(chain.state.rawValue)", chain.state.weight.role)],
    fact("began", "\(clock(chain.began - setting.start)) in \(chain.site.function)"),
    fact("where", chain.site.place),
    fact("age", time(chain.duration)),
    fact("running", time(chain.running)),
    fact("queued", time(chain.queued)),
    fact("waiting", time(chain.waiting)),
    [],
  ]
  var details = lines.map { DetailLine($0) }
  if let pending = chain.waitingOn {
    details.append(DetailLine([Run("Waits for", .title)]))
    details += operationFacts(pending, setting).map { DetailLine($0) }
    details[details.count - 1].target = .thing(.operation(pending.id))
    details.append(DetailLine([]))
  }
  details.append(DetailLine([Run("Steps, the last \(ChainReport.stepLimit) at most", .title)]))
  for step in chain.steps {
    let indent = String(repeating: "  ", count: max(0, min(step.depth, 16)))
    details.append(
      DetailLine(
        [
          Run("  " + padded(clock(step.began - setting.start), 11) + padded(time(step.duration), 9) + "  ", .dim),
          Run(waterfall(step, of: chain, setting.glyphs) + " ", .bar),
          Run(indent + step.site.function + "  "), Run("\(step.kind)  \(step.site.place)", .dim),
        ], target: .moment(chain.id.loop, step.began)))
  }
  return details
}

/// Where in the chain's time a step lies, to scale.
private func waterfall(_ step: ChainReport.Step, of chain: ChainReport, _ glyphs: Glyphs) -> String {
  let cells = 16
  let whole = Double(max(1, chain.duration.count))
  func cell(_ time: Nanoseconds) -> Int { Int(max(0, min(1, Double(time.count) / whole)) * Double(cells)) }
  let first = min(cells - 1, cell(step.began - chain.began))
  let length = max(1, min(cells - first, cell(step.duration)))
  func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
  return repeated(glyphs.idle, first) + repeated(glyphs.blocks[glyphs.blocks.count - 1], length)
    + repeated(glyphs.idle, cells - first - length)
}

/// What is known of an operation that is pending.
func operationFacts(_ pending: PendingOperation, _ setting: Setting) -> [Line] {
  var lines: [Line] = [
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
  return lines
}
