import Recorder

/// What of a connection waits to be sent, and who hears of it.
///
/// An object of its own: most connections never have to wait, and of ten thousand idle ones each byte counts.
final class Outgoing {
  /// What the marks are unless the program says otherwise.
  static let waterMarks = 0...(64 << 10)

  // Unchecked: the loop's thread alone comes here, and nothing is passed inout across a callback.
  @exclusivity(unchecked) var output = Output()
  @exclusivity(unchecked) var waterMarks = Outgoing.waterMarks
  /// The wait for room to send in; there while there is output.
  @exclusivity(unchecked) var operation = RingOperation.none
  @exclusivity(unchecked) var highWater: Connection.Handler<() throws -> Void>?
  @exclusivity(unchecked) var draining: Connection.Handler<() throws -> Void>?
}
