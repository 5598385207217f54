import ArgumentParser

/// A share as it is typed: `10%`, `2.5%`.
struct TypedShare: Hashable, ExpressibleByArgument {
  /// 0.1 for a tenth.
  let share: Double

  /// A share from its value.
  init(_ share: Double) { self.share = share }

  /// `nil` for what is no share, or more than a million per cent.
  init?(argument: String) {
    guard let (number, unit) = split(argument), unit == "%", number <= 1e6 else { return nil }
    share = number / 100
  }

  /// As it is typed; to a hundredth of a per cent.
  var text: String {
    let hundredths = Int((share * 1e4).rounded())
    let rest = hundredths % 100
    guard rest > 0 else { return "\(hundredths / 100)%" }
    return "\(hundredths / 100).\(rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")%"
  }
}
