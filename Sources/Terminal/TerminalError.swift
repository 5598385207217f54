/// Why a terminal cannot show screens.
public enum TerminalError: Error, Hashable, Sendable {
  /// Standard input or output is a file, a pipe or nothing.
  case notATerminal(Stream)
  /// `TERM` is not set, or empty.
  case noType
  /// `TERM` names a type that this machine has no description of.
  case unknownType(String)
  /// A terminal of this type cannot move its cursor.
  case noCursorMovement(String)
  /// The system would not give what it takes to handle signals; its `errno`.
  case noSignals(Int32)

  /// One of the two streams that a terminal is.
  public enum Stream: String, Sendable {
    /// Where keys come from.
    case input
    /// Where the screen goes to.
    case output
  }
}
