/// Nanoseconds as seconds with decimals, exactly.
enum TextSeconds {
  /// Always nine decimals, so that columns of times line up.
  static func write(_ count: Int64) -> String {
    let (seconds, rest) = count.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
    let digits = String(rest)
    return (count < 0 ? "-" : "") + "\(seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
  }

  /// `nil` for what is no number, finer than a nanosecond or longer than 292 years.
  static func parse(_ text: String) -> Int64? {
    let isNegative = text.hasPrefix("-")
    let parts = text.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? parts[1] : "0"
    guard parts.count <= 2, (1...9).contains(decimals.utf8.count), isDigits(parts[0]), isDigits(decimals),
      let seconds = Int64(parts[0]),
      let fraction = Int64(decimals + String(repeating: "0", count: 9 - decimals.utf8.count))
    else { return nil }
    // Downwards, because the lowest Int64 has no positive twin.
    let (whole, overflow) = (-seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (negative, underflow) = whole.subtractingReportingOverflow(fraction)
    guard !overflow, !underflow else { return nil }
    if isNegative { return negative }
    return negative == .min ? nil : -negative
  }

  private static func isDigits(_ text: Substring) -> Bool {
    text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
  }
}
