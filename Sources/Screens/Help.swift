/// The help: every command with its keys, made from the table that the dispatch uses.
func helpLines(_ glyphs: Glyphs = .unicode) -> [Line] {
  let views = CommandEntry.all.filter { if case .show = $0.command { true } else { false } }
  let others = CommandEntry.all.filter { if case .show = $0.command { false } else { true } }
  return [[Run("Views", .title)]] + views.map(line) + [[], [Run("Keys", .title)]] + others.map(line)
    + [[], [Run("Words", .title)]] + words(glyphs).map { fact($0.0, $0.1) }
}

private func line(_ entry: CommandEntry) -> Line {
  let keys = entry.keys.map(\.name).joined(separator: " ")
  return [Run("  " + filled(keys, 14), .title), Run(filled(entry.name, 18)), Run(entry.sentence, .dim)]
}

/// What the screens' own words mean.
private func words(_ glyphs: Glyphs) -> [(String, String)] {
  [
    ("busy", "the share of time that a loop spent outside its poll"),
    ("lag", "how long timers had to wait after they were due"),
    ("stall", "a time above the slow threshold without a poll"),
    ("self time", "a callback's time without that of the callbacks inside it"),
    ("tick", "one pass of the loop, from poll to poll"),
    ("harm", "how long others waited for it, all together; \(glyphs.atMost) at most"),
    ("victims", "how many of them there were"),
    ("slow", "runs whose self time was above the slow threshold"),
    ("chain", "the callbacks of one piece of work"),
    ("stalled", "a chain that waits, and nobody is known to wake it"),
    ("gap", "events known to be missing from the trace"),
  ]
}
