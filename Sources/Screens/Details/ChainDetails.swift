import Analysis
import Trace

/// What is known of a chain.
func detailLines(_ chain: ChainReport, _ input: ScreenInput, width: Int) -> [DetailLine] {
  let setting = Setting(input)
  let lines: [Line] = [
    [Run(chain.title, .title), Run("  \(chain.state.rawValue)", chain.state.weight.role)],
    fact("began", "\(clock(chain.began - setting.start)) in \(chain.site.function)  \(chain.site.place)"),
    fact("age", words(chain.duration, setting.glyphs)),
    shares(chain, setting.glyphs), [],
  ]
  var details = lines.map { DetailLine($0) }
  if let pending = chain.waitingOn {
    details.append(DetailLine([Run("Waits for", .title)]))
    details += operationFacts(pending, setting).map { DetailLine($0) }
    details[details.count - 1].target = .thing(.operation(pending.id))
    details += way(chain).map { DetailLine($0) }
    details.append(DetailLine([]))
  }
  let waterfall = WaterfallDetails(chain, input, width: width)
  return details + waterfall.steps + waterfall.criticalPath + blame(of: chain, input)
}

/// What lies between it and what it waits for in the end, and the circle that it may wait in.
private func way(_ chain: ChainReport) -> [Line] {
  let between = chain.waitingThrough.dropLast().map(\.title)
  let through = between.isEmpty ? [] : [fact("through", between.joined(separator: ", which waits for "))]
  guard let cycle = chain.waitingCycle, chain.waitingThrough.indices.contains(cycle) else { return through }
  return through + [fact("in a circle", "it waits for \(chain.waitingThrough[cycle].title) in turn", .error)]
}

/// How its time divides, as a bar and in words.
private func shares(_ chain: ChainReport, _ glyphs: Glyphs) -> Line {
  let cells = 12
  let parts = [
    (chain.running, glyphs.full, "ran"), (chain.queued, glyphs.crowd, "queued"),
    (chain.waiting, glyphs.idle, "waited"),
  ]
  let whole = Double(max(1, chain.duration.count))
  var ends: [Int] = []
  var sum = 0.0
  for part in parts {
    sum += Double(max(0, part.0.count))
    ends.append(Int(min(1, sum / whole) * Double(cells)))
  }
  let bar = parts.indices.map { index in
    String(repeating: parts[index].1, count: max(0, ends[index] - (index > 0 ? ends[index - 1] : 0)))
  }.joined()
  let words = parts.map { "\($0.1) \($0.2) \(Screens.words($0.0, glyphs))" }.joined(separator: "  ")
  return [Run("  " + filled("spent", 12), .dim), Run(bar, .bar), Run("  " + words)]
}

/// Who made its callbacks wait: what is charged adds up to the time that they were queued.
private func blame(of chain: ChainReport, _ input: ScreenInput) -> [DetailLine] {
  let blame = input.answer?.blame ?? []
  let most = Double(max(1, blame.first?.time.count ?? 1))
  let lines = blame.prefix(20).map { part in
    let known = part.site.flatMap { site in input.report.sites.first { $0.site == site } }
    return DetailLine(
      [
        Run("  " + padded(words(part.time, input.glyphs), 9) + "  "),
        Run(bar(Double(part.time.count) / most, cells: 12, input.glyphs) + " ", .bar),
        Run(part.name, part.site == nil ? .dim : .normal), Run("  \(part.site?.place ?? "")", .dim),
      ], target: known.map { .thing($0.thing) })
  }
  return found(
    "Blame: who had the loop while its callbacks waited for it", lines, else: "its callbacks never waited", input)
}
