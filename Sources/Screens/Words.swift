import Analysis
import Trace

// Numbers and places as words: the one place that decides how they read on a screen.

/// A length of time in three digits and a unit, at most seven columns: `212 ms`, `12.3 µs`, `3.2 s`, `2m05s`.
func words(_ time: Nanoseconds, _ glyphs: Glyphs) -> String {
  let words = Format.duration(time, .column)
  return glyphs == .ascii && words.hasSuffix("µs") ? words.dropLast(2) + "us" : words
}

/// The same, or a dash for what was not measured.
func words(_ time: Nanoseconds?, _ glyphs: Glyphs) -> String { time.map { words($0, glyphs) } ?? "-" }

/// `count` in units with as many decimals as make three digits.
private func threeDigits(_ count: UInt64, unit: UInt64) -> String {
  let hundredths = (count + unit / 200) / (unit / 100)
  if hundredths < 1_000 { return "\(hundredths / 100).\(twoDigits(hundredths % 100))" }
  let tenths = (count + unit / 20) / (unit / 10)
  if tenths < 1_000 { return "\(tenths / 10).\(tenths % 10)" }
  return "\((count + unit / 2) / unit)"
}

private func twoDigits(_ count: UInt64) -> String { count < 10 ? "0\(count)" : "\(count)" }

/// A time since the trace's first event, to the millisecond: `0:12.345`, `1:02:03.004`; with six or nine decimals where
/// steps as short as `step` are to be told apart.
func clock(_ time: Nanoseconds, _ step: Nanoseconds = .milliseconds(1)) -> String {
  let decimals = step < .microseconds(1) ? 9 : step < .milliseconds(1) ? 6 : 3
  let seconds = time.count.magnitude / 1_000_000_000
  let fraction = "\(1_000_000_000 + time.count.magnitude % 1_000_000_000)".dropFirst().prefix(decimals)
  let minutes = seconds / 60 % 60
  let start = seconds < 3_600 ? "\(minutes)" : "\(seconds / 3_600):\(twoDigits(minutes))"
  return "\(time < .zero ? "-" : "")\(start):\(twoDigits(seconds % 60)).\(fraction)"
}

/// A count with commas, in at most six columns from a million on: `12,345`, `1.23 M`.
func words(_ count: UInt64) -> String {
  switch count {
  case ..<1_000: return "\(count)"
  case ..<1_000_000: return "\(count / 1_000),\("\(1_000 + count % 1_000)".dropFirst())"
  case ..<999_500_000: return threeDigits(count, unit: 1_000_000) + " M"
  default: return threeDigits(min(count, 999_000_000_000_000), unit: 1_000_000_000) + " G"
  }
}

/// A count and its noun: `1 stall`, `3 stalls`.
func words(_ count: UInt64, _ noun: String) -> String { "\(words(count)) \(noun)\(count == 1 ? "" : "s")" }

/// Parts of a whole in percent; a little is not nothing, and almost all is not all.
func percent(_ part: Double) -> String {
  switch part {
  case ..<0.000_05: "0 %"
  case ..<0.01: "<1 %"
  case 0.99..<0.999_95: ">99 %"
  default: "\(Int((min(part, 1) * 100).rounded())) %"
  }
}

extension Site {
  /// File and line as a compiler writes them; empty where the file is not known.
  var place: String { file.isEmpty ? "" : line == 0 ? file : "\(file):\(line)" }

  /// The place without its folders, for where there is little room.
  var shortPlace: String {
    let name = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[file.index(after: $0)...]) } ?? file
    return Site(function: function, file: name, line: line).place
  }
}
