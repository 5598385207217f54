import Trace

/// How much of the past a trace keeps that must not grow without end.
public enum Keep: Hashable, Sendable {
  /// The newest events that fit into so many bytes of disk.
  case bytes(Int)
  /// The events of so long ago, and of up to three seconds more: it goes by whole chunks.
  case latest(Nanoseconds)
}
