import Analysis
import Trace

// Numbers and places as the screens write them: `Format` says how they read, here is only what a grid of cells needs.

/// A length of time in three digits and a unit, at most seven columns: `212 ms`, `12.3 µs`, `3.2 s`, `2m05s`.
func words(_ time: Nanoseconds, _ glyphs: Glyphs) -> String {
  let words = Format.duration(time, .column)
  return glyphs == .ascii && words.hasSuffix("µs") ? words.dropLast(2) + "us" : words
}

/// The same, or a dash for what was not measured.
func words(_ time: Nanoseconds?, _ glyphs: Glyphs) -> String { time.map { words($0, glyphs) } ?? "-" }

/// A count in at most seven columns: `12,345`, `1.23 M`.
func words(_ count: UInt64) -> String { Format.count(count, .column) }

/// A count and its noun: `1 stall`, `3 stalls`.
func words(_ count: UInt64, _ noun: String) -> String { "\(words(count)) \(noun)\(count == 1 ? "" : "s")" }

/// A moment since the trace's first event: `0:12.345`.
func clock(_ time: Nanoseconds, _ step: Nanoseconds = .milliseconds(1)) -> String { Format.clock(time, step) }

extension Site {
  /// File and line as a compiler writes them; empty where the file is not known.
  var place: String { file.isEmpty ? "" : line == 0 ? file : "\(file):\(line)" }

  /// The place without its folders, for where there is little room.
  var shortPlace: String {
    let name = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[file.index(after: $0)...]) } ?? file
    return Site(function: function, file: name, line: line).place
  }
}

extension Trigger {
  /// Who made a callback ready.
  var words: String {
    switch self {
    case .unknown: "nobody knows whom"
    case .callback: "a callback"
    case .poll: "the poll"
    case .timer: "its time"
    case .thread: "another thread"
    case .signal: "a signal"
    case .start: "the program"
    }
  }
}
