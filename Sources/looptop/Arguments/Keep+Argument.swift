import ArgumentParser
import Drain

extension Keep: ExpressibleByArgument {
  /// A length of time or a size: `10m`, `512MB`.
  public init?(argument: String) {
    if let duration = TypedDuration(argument: argument) {
      self = .latest(duration.length)
    } else if let size = TypedSize(argument: argument) {
      self = .bytes(size.bytes)
    } else {
      return nil
    }
  }
}
