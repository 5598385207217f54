import Analysis
import Trace

/// What is known of the callbacks of one site.
func detailLines(_ site: SiteReport, _ input: ScreenInput, width: Int) -> [DetailLine] {
  let setting = Setting(input)
  func time(_ time: Nanoseconds?) -> String { words(time, setting.glyphs) }
  let slow =
    site.slow == 0
    ? "" : site.slow < site.count ? ", \(words(site.slow)) of them slow" : site.count == 1 ? ", slow" : ", all slow"
  let threw = site.threw == 0 ? "" : ", \(words(site.threw)) threw"
  var lines: [Line] = [
    [Run(site.site.function, .title)],
    fact("where", site.site.place),
    fact("ran", "\(words(site.count, "time"))\(slow)\(threw), as \(site.kind)", site.slow == 0 ? .normal : .warning),
    fact("total", "\(time(site.total)), of which \(time(site.own)) its own"),
    fact("self time", "p50 \(time(site.p50)), p99 \(time(site.p99)), max \(time(site.max))"),
  ]
  if let running = site.runningFor { lines.append(fact("running", "for \(time(running)) now", .error)) }
  lines.append(harmFact(site.harm, upTo: site.harmUpTo, victims: site.victims, isOver: site.runningFor == nil, setting))
  if !input.durations.isEmpty {
    lines += [[], [Run("How many runs took how long", .title)]]
    lines += Histogram(input.durations, width: width, glyphs: setting.glyphs).lines
  }
  return lines.map { DetailLine($0) } + worstLines(site, setting)
    + found("Who scheduled it", schedulingLines(input), else: "nothing is in the trace about that", input)
    + found(
      "Whom its worst runs made wait", victimLines(input.answer, input),
      else: site.runningFor == nil ? "nobody" : "those that wait are known when they run", input)
}

private func worstLines(_ site: SiteReport, _ setting: Setting) -> [DetailLine] {
  let longest = max(1, site.worst.first?.own.count ?? 1)
  let title = [DetailLine([]), DetailLine([Run("Worst runs, by self time", .title)])]
  return title
    + site.worst.map { run in
      let bar = bar(Double(run.own.count) / Double(longest), cells: 24, setting.glyphs)
      return DetailLine(
        [
          Run(
            "  " + padded(clock(run.began - setting.start), 12) + " " + padded(words(run.own, setting.glyphs), 9) + "  "
          ),
          Run(bar + " ", .bar), Run("loop \(run.loop.number)  "),
          Run(run.running ? setting.glyphs.running + " still running" : "", .error),
        ], target: .moment(run.loop, run.began))
    }
}

private func schedulingLines(_ input: ScreenInput) -> [DetailLine] {
  let all = input.answer?.scheduling ?? []
  let total = all.reduce(0) { $0 + $1.count }
  return all.prefix(8).map { scheduled in
    let creator = scheduled.way.creator
    let known = creator.flatMap { site in input.report.sites.first { $0.site == site } }
    return DetailLine(
      [
        Run("  " + padded(Format.percent(Double(scheduled.count) / Double(max(1, total))), 9) + "  "),
        Run(creator?.function ?? "nobody that is known"), Run("  \(creator?.place ?? "")", .dim),
        Run("  made ready by \(scheduled.way.trigger.words)", .dim),
      ], target: known.map { .thing($0.thing) })
  }
}
