import Glibc

/// How probable it is that chance alone makes so much, exactly: for what is too rare for approximations.
enum Chance {
  /// Below it, chance is ruled out: the one side of what is one in a thousand for both.
  static let least = 0.0005

  /// That `taken` drawn from `all`, of which `marked` are marked, hold `found` marked ones or more (hypergeometric).
  ///
  /// Costs a step for each marked one.
  static func ofAtLeast(_ found: UInt64, in taken: UInt64, marked: UInt64, of all: UInt64) -> Double {
    let most = min(marked, taken)
    let least = max(found, marked + taken > all ? marked + taken - all : 0)
    guard least <= most else { return 0 }
    let whole = logChoose(all, taken)
    return sum(from: least, to: most) { logChoose(marked, $0) + logChoose(all - marked, taken - $0) - whole }
  }

  /// That of `all` events `found` or more fall into a part of the time that has this share of it (binomial).
  static func ofAtLeast(_ found: UInt64, of all: UInt64, share: Double) -> Double {
    guard share > 0, share < 1 else { return 1 }
    return sum(from: found, to: all) {
      logChoose(all, $0) + Double($0) * log(share) + Double(all - $0) * log(1 - share)
    }
  }

  /// A sum of probabilities by their logarithms; no more than what the last ones could still add is left out.
  private static func sum(from first: UInt64, to last: UInt64, _ logarithm: (UInt64) -> Double) -> Double {
    guard first <= last else { return 0 }
    var total = 0.0
    var before = 0.0
    for count in first...last {
      let part = exp(logarithm(count))
      total += part
      // Past the most probable one they fall ever faster.
      if part < before, part < total * 1e-9 { break }
      before = part
    }
    return min(total, 1)
  }

  private static func logChoose(_ all: UInt64, _ some: UInt64) -> Double {
    logFactorial(all) - logFactorial(some) - logFactorial(all - some)
  }

  private static func logFactorial(_ number: UInt64) -> Double {
    var sign: Int32 = 0
    return lgamma_r(Double(number) + 1, &sign)
  }
}
