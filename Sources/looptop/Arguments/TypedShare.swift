import ArgumentParser

/// A share as it is typed: `10%`, `2.5%`.
struct TypedShare: Hashable, ExpressibleByArgument {
  /// 0.1 for a tenth.
  let share: Double

  /// `nil` for what is no share, or more than a million per cent.
  init?(argument: String) {
    guard let (number, unit) = split(argument), unit == "%", number <= 1e6 else { return nil }
    share = number / 100
  }
}
