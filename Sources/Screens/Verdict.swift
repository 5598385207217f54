import Analysis
import Trace

/// Is the loop healthy; if not, who: the two lines to read at three in the morning. The first says who, whatever is
/// cut off; the second how much.
func verdict(_ report: Report, _ setting: Setting) -> [Line] {
  if let stall = report.stalls.first, !stall.ended { return standing(stall, report, setting) }
  if let finding = report.findings.first(where: { $0.causedBy == nil && $0.severity > .info }) {
    let role: Style.Role = finding.severity == .error ? .error : .warning
    return [
      guilty("! \(finding.severity.rawValue.uppercased())", role, finding.site),
      [Run("  "), Run(String(sentence(finding)))],
    ]
  }
  if let stall = report.stalls.max(by: { $0.duration < $1.duration }) {
    let sentence = "kept its loop from polling for \(words(stall.duration, setting.glyphs))"
    return [
      guilty("! STALL", .warning, stall.site), [Run("  \(sentence) at \(clock(stall.began - setting.start))")],
    ]
  }
  if let lasting = report.loops.first(where: { $0.running.first.map { $0.began <= report.trace.from } ?? false }),
    let running = lasting.running.last, report.trace.from < report.trace.to
  {
    let time = words(report.trace.to - report.trace.from, setting.glyphs)
    return [guilty("! BLOCKED", .warning, running.site), [Run("  has its loop for all of this time, \(time)")]]
  }
  guard let longest = report.sites.max(by: { $0.max < $1.max }) else {
    return [[Run("No callback has run yet.", .dim)], []]
  }
  return [
    [Run("OK ", .good), Run("nothing blocks")],
    [
      Run("  longest callback ", .dim), Run(words(longest.max, setting.glyphs)), Run(" "), Run(longest.site.function),
      Run(" " + longest.site.place, .dim),
    ],
  ]
}

/// A loop stands still at this moment; who holds it is what it runs, else who ran longest in the stall.
private func standing(_ stall: Stall, _ report: Report, _ setting: Setting) -> [Line] {
  let running = report.loops.first { $0.info.id == stall.loop }?.running.last
  let age = running.map { setting.now - $0.began } ?? stall.duration
  let began = running?.began ?? stall.began
  return [
    guilty("\(setting.glyphs.running) BLOCKED", .error, running?.site ?? stall.site),
    [
      Run("  " + (running == nil ? "has kept its loop from polling for " : "running for ")),
      Run(words(age, setting.glyphs), .error), Run(" since \(clock(began - setting.start)), the loop stands still"),
    ],
  ]
}

/// Without the function that stands above it already: the numbers are to have the room.
private func sentence(_ finding: Finding) -> Substring {
  let name = finding.site.function + " "
  return finding.sentence.hasPrefix(name) ? finding.sentence.dropFirst(name.count) : finding.sentence[...]
}

private func guilty(_ word: String, _ role: Style.Role, _ site: Site) -> Line {
  [Run(word + " ", role), Run(site.function, .title), Run(" " + site.place)]
}
