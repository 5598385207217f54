import Trace

/// A chain's waterfall for a person to read, 80 columns wide: what it waits for, its steps, and what made it so long.
enum WaterfallReport {
  private static let width = 80
  private static let cells = 16
  /// More steps, or more of the path, are told by their number.
  private static let rows = 24

  /// The lines, free of what a terminal would obey; `start` is the trace's first event.
  static func lines(_ chain: ChainReport, _ waterfall: Waterfall, since start: Instant) -> [String] {
    let times = [("ran", chain.running), ("queued", chain.queued), ("waited", chain.waiting)]
      .map { "\($0.0) \(Format.duration($0.1))" }.joined(separator: ", ")
    let name = "CHAIN \(chain.id.loop.number):\(chain.id.serial)  \(Format.name(chain))".shortened(to: width)
    let facts =
      "\(chain.state.rawValue) after \(Format.duration(chain.duration)) from \(Format.duration(chain.began - start)) on: "
      + times
    return [name] + facts.wrapped(to: width - 2).map { "  " + $0 } + way(chain) + steps(chain, waterfall)
      + path(waterfall)
  }

  /// What it waits for, from one to the next.
  private static func way(_ chain: ChainReport) -> [String] {
    guard !chain.waitingThrough.isEmpty else { return [] }
    var words = chain.waitingThrough.enumerated().map { index, operation in
      (index == 0 ? "waits for " : "which waits for ") + Format.one(operation.kind) + " of "
        + Format.function(operation.site) + (operation.label.map { " (\(Format.visible($0)))" } ?? "")
    }
    if let cycle = chain.waitingCycle {
      let first = chain.waitingThrough[cycle]
      words.append("which waits for the \(Format.noun(first.kind)) of \(Format.function(first.site)) again: a circle")
    }
    return (words.joined(separator: ", ") + ".").wrapped(to: width - 2).map { "  " + $0 }
  }

  private static func steps(_ chain: ChainReport, _ waterfall: Waterfall) -> [String] {
    guard !waterfall.steps.isEmpty else { return ["  None of its steps is in the trace."] }
    var table = TextTable(
      ("step", .left), ("", .left), ("", .left), ("at", .right), ("for", .right), ("ready by", .left),
      ("made by", .left))
    for (index, step) in waterfall.steps.prefix(rows).enumerated() {
      let indent = String(repeating: " ", count: min(step.depth, 8))
      table.add(
        indent + Format.function(step.site), "\(index + 1)\(step.isCritical ? "*" : "")", bar(step, of: chain),
        Format.duration(step.began - chain.began), Format.duration(step.duration),
        trigger(step), step.createdBy.map(name) ?? "–")
    }
    let count = waterfall.steps.count
    let before = waterfall.isCut ? ["  Its last \(Format.count(UInt64(count))) steps:"] : []
    return before + table.lines(width: width) + (count > rows ? ["  … and \(count - rows) more"] : [])
  }

  private static func trigger(_ step: Waterfall.Step) -> String {
    step.triggeredBy.map(name) ?? (step.trigger == .unknown ? "–" : "\(step.trigger)")
  }

  /// A step by its number, another chain's callback by its function.
  private static func name(_ party: Waterfall.Party) -> String {
    party.step.map { "step \($0 + 1)" } ?? Format.function(party.site).shortened(to: 14)
  }

  /// Where in the chain's time it lies, to scale: dots for the time in the queue.
  private static func bar(_ step: Waterfall.Step, of chain: ChainReport) -> String {
    let whole = Double(max(chain.duration.count, 1))
    func cell(_ time: Instant) -> Int {
      Int(max(0, min(1, Double((time - chain.began).count) / whole)) * Double(cells))
    }
    let first = min(cell(step.began), cells - 1)
    let last = max(min(cell(step.began + step.duration), cells), first + 1)
    let queued = min(step.ready.map(cell) ?? first, first)
    func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
    return repeated(" ", queued) + repeated(".", first - queued) + repeated("=", last - first)
      + repeated(" ", cells - last)
  }

  private static func path(_ waterfall: Waterfall) -> [String] {
    var table = TextTable(("critical path", .left), ("for", .right), ("of it", .right))
    let whole = waterfall.criticalPath.reduce(Nanoseconds.zero) { $0 + $1.length }
    for segment in waterfall.criticalPath.prefix(rows) {
      let share = Double(segment.length.count) / Double(max(whole.count, 1))
      table.add(words(segment.state, waterfall), Format.duration(segment.length), Format.percent(share))
    }
    let rest = waterfall.criticalPath.count - rows
    return waterfall.criticalPath.isEmpty ? [] : table.lines(width: width) + (rest > 0 ? ["  … and \(rest) more"] : [])
  }

  private static func words(_ state: Waterfall.Segment.State, _ waterfall: Waterfall) -> String {
    func step(_ index: Int) -> String { "step \(index + 1), \(Format.function(waterfall.steps[index].site))" }
    switch state {
    case .ran(let index): return "ran \(step(index))"
    case .queued(let index): return "queued" + (index.map { " for \(step($0))" } ?? "")
    case .waited(let operation?):
      return "waited for \(Format.one(operation.kind)) of \(Format.function(operation.site))"
        + (operation.label.map { " (\(Format.visible($0)))" } ?? "")
    case .waited(nil): return waterfall.isCut ? "what came before, and waits" : "waited"
    }
  }
}
