import ArgumentParser
import Trace

/// A length of time as it is typed: `50ms`, `1.5s`, `10m`, `2h`.
struct TypedDuration: Hashable, ExpressibleByArgument {
  let length: Nanoseconds

  private static let units: [(String, Double)] = [
    ("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9),
  ]
  /// A hundred days.
  private static let longest = 100 * 86_400e9

  /// A length of time from its value.
  init(_ length: Nanoseconds) { self.length = length }

  /// `nil` for what is no length of time, or not from a nanosecond to a hundred days.
  init?(argument: String) {
    guard let (number, unit) = split(argument),
      let scale = TypedDuration.units.first(where: { $0.0 == unit })?.1,
      (1...TypedDuration.longest).contains(number * scale)
    else { return nil }
    length = Nanoseconds(Int64((number * scale).rounded()))
  }
}

extension TypedDuration {
  /// As it is typed, exactly: in the largest unit of which it is a whole number.
  var text: String {
    let unit = Self.units.last { length.count % Int64($0.1) == 0 } ?? ("ns", 1)
    return "\(length.count / Int64(unit.1))\(unit.0)"
  }
}

/// A decimal number and the letters behind it; no sign, no exponent, nothing else.
func split(_ argument: String) -> (number: Double, unit: String)? {
  let digits = argument.prefix { $0.isASCII && $0.isNumber || $0 == "." }
  guard digits.first?.isNumber == true, let number = Double(digits) else { return nil }
  return (number, String(argument.dropFirst(digits.count)))
}
