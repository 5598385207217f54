import ArgumentParser

/// A number of bytes as it is typed: `512MB`, `1GB`, `1.5GiB`.
struct TypedSize: Hashable, ExpressibleByArgument {
  let bytes: Int

  private static let units: [(String, Double)] = [
    ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30),
    ("TiB", 0x1p40),
  ]

  /// `nil` for what is no size, or not from a kilobyte to a thousand terabytes.
  init?(argument: String) {
    guard let (number, unit) = split(argument),
      let scale = TypedSize.units.first(where: { $0.0 == unit })?.1, (1e3...1e15).contains(number * scale)
    else { return nil }
    bytes = Int((number * scale).rounded())
  }
}
