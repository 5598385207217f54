import Trace

/// How numbers and names are written everywhere: three digits, a unit, nothing that a terminal would obey.
public enum Format {
  /// Where a number stands; what is short enough is written the same way in both.
  public enum Form: Sendable {
    /// In a sentence: `2 min 05 s`, `3 h 05 min`, `12 d`, from 100 s on; counts in full below ten millions.
    case prose
    /// In a column of seven: `2m05s`, `3h05m`, `12d`, from 60 s on; counts in full below a million.
    case column
  }

  /// `640 ns`, `1.24 ms`, `12.4 s`, `2 min 05 s`, `3 h 05 min`, `12 d`; with a sign where negative.
  public static func duration(_ duration: Nanoseconds) -> String { Self.duration(duration, .prose) }

  /// The same, with a minute and more as its place asks for.
  public static func duration(_ duration: Nanoseconds, _ form: Form) -> String {
    let count = duration.count.magnitude
    let sign = duration.count < 0 ? "-" : ""
    // Each limit is where three digits would round up to the next unit.
    switch count {
    case ..<1_000: return "\(sign)\(count) ns"
    case ..<999_500: return "\(sign)\(threeDigits(count, unit: 1_000)) µs"
    case ..<999_500_000: return "\(sign)\(threeDigits(count, unit: 1_000_000)) ms"
    case ..<(form == .prose ? 99_950_000_000 : 59_950_000_000):
      return "\(sign)\(threeDigits(count, unit: 1_000_000_000)) s"
    default: return sign + (form == .prose ? long(seconds: count / 1_000_000_000) : short(nanoseconds: count))
    }
  }

  private static func long(seconds: UInt64) -> String {
    let minutes = seconds / 60
    if minutes < 60 { return "\(minutes) min \(twoDigits(seconds % 60)) s" }
    let hours = minutes / 60
    if hours < 100 { return "\(hours) h \(twoDigits(minutes % 60)) min" }
    return "\(hours / 24) d"
  }

  private static func short(nanoseconds: UInt64) -> String {
    let seconds = (nanoseconds + 500_000_000) / 1_000_000_000
    if seconds < 3_600 { return "\(seconds / 60)m\(twoDigits(seconds % 60))s" }
    let minutes = (nanoseconds / 1_000_000_000 + 30) / 60
    return minutes < 100 * 60 ? "\(minutes / 60)h\(twoDigits(minutes % 60))m" : "\(minutes / 1_440)d"
  }

  private static func twoDigits(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// The count in that unit, rounded to three digits; below a thousand units.
  private static func threeDigits(_ count: UInt64, unit: UInt64) -> String {
    let decimals: UInt64 = count < unit * 9_995 / 1_000 ? 100 : count < unit * 9_995 / 100 ? 10 : 1
    let rounded = (count * decimals + unit / 2) / unit
    switch decimals {
    case 100: return "\(rounded / 100).\(twoDigits(rounded % 100))"
    case 10: return "\(rounded / 10).\(rounded % 10)"
    default: return "\(rounded)"
    }
  }

  /// `12,345`, and what is longer than its place `12.3 M`, `1.23 G`.
  public static func count(_ count: UInt64, _ form: Form = .prose) -> String {
    let limit: UInt64 = form == .prose ? 10_000_000 : 1_000_000
    if count >= limit {
      // In thousandths of a unit, so that the rounding does not overflow.
      var (thousandths, units) = (count / 1_000, "MGTPE"[...])
      while thousandths >= 999_500 {
        thousandths /= 1_000
        units = units.dropFirst()
      }
      return "\(threeDigits(thousandths, unit: 1_000)) \(units.prefix(1))"
    }
    var rest = String(count)
    var groups: [String] = []
    while rest.count > 3 {
      groups.append(String(rest.suffix(3)))
      rest.removeLast(3)
    }
    return ([rest] + groups.reversed()).joined(separator: ",")
  }

  /// `once`, `twice`, `14 times`.
  public static func times(_ count: UInt64) -> String {
    count == 1 ? "once" : count == 2 ? "twice" : "\(Self.count(count)) times"
  }

  /// `41 %`, of a fraction 0 … 1; a little is not nothing, and almost all is not all: `<1 %`, `>99 %`.
  public static func percent(_ fraction: Double) -> String {
    switch fraction {
    case ..<0.000_05: "0 %"
    case ..<0.01: "<1 %"
    case 0.99..<0.999_95: ">99 %"
    default: "\(Int((min(fraction, 1) * 100).rounded())) %"
    }
  }

  /// A time since the trace's first event, to the millisecond: `0:12.345`, `1:02:03.004`; with six or nine decimals
  /// where steps as short as `step` are to be told apart.
  public static func clock(_ time: Nanoseconds, _ step: Nanoseconds = .milliseconds(1)) -> String {
    let decimals = step < .microseconds(1) ? 9 : step < .milliseconds(1) ? 6 : 3
    let seconds = time.count.magnitude / 1_000_000_000
    let fraction = "\(1_000_000_000 + time.count.magnitude % 1_000_000_000)".dropFirst().prefix(decimals)
    let minutes = seconds / 60 % 60
    let start = seconds < 3_600 ? "\(minutes)" : "\(seconds / 3_600):\(twoDigits(minutes))"
    return "\(time < .zero ? "-" : "")\(start):\(twoDigits(seconds % 60)).\(fraction)"
  }

  /// The text with whatever a terminal would obey shown as a picture or its number.
  public static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.isUnprintable) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value)!)
      case 0x7f: result.append("\u{2421}")
      case _ where scalar.isUnprintable:
        result.append(contentsOf: "<U+\(String(scalar.value, radix: 16, uppercase: true))>".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// `query(_:)`.
  public static func function(_ site: Site) -> String {
    site.function.isEmpty ? "(unnamed)" : visible(site.function)
  }

  /// `Server/Users.swift:42`, as far as it is known.
  public static func place(_ site: Site) -> String {
    site.line == 0 ? visible(site.file) : "\(visible(site.file)):\(site.line)"
  }

  /// What a chain is called: the program's name for it, else its first callback's.
  public static func name(_ chain: ChainReport) -> String {
    chain.name.map(visible) ?? function(chain.site)
  }

  /// `a Deferred`, `an operation`.
  public static func one(_ kind: OperationKind) -> String {
    (kind == .unknown ? "an " : "a ") + noun(kind)
  }

  /// `3 Deferreds`, `1 child process`.
  public static func several(_ count: UInt64, _ kind: OperationKind) -> String {
    let noun = noun(kind)
    return "\(Self.count(count)) \(noun)" + (count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")
  }

  /// `Deferred`, `thread call`.
  public static func noun(_ kind: OperationKind) -> String {
    switch kind {
    case .unknown: "operation"
    case .deferred: "Deferred"
    case .timer: "timer"
    case .thread: "thread call"
    case .read: "read"
    case .write: "write"
    case .listener: "listener"
    case .connect: "connection attempt"
    case .child: "child process"
    case .signal: "signal handler"
    case .task: "task"
    }
  }
}
