/// A place in the traced program's code.
public struct Site: Hashable, Sendable {
  /// The function's name as its language writes it, `answer(_:)`.
  public var function: String
  /// The file as the program was built with it, `Server/Users.swift`.
  public var file: String
  /// From 1; 0 where it is not known.
  public var line: UInt32

  /// A site from its parts.
  public init(function: String, file: String, line: UInt32) {
    self.function = function
    self.file = file
    self.line = line
  }

  /// What stands for site 0 and for every site past the recorder's cap.
  public static let unknown = Site(function: "(unknown)", file: "", line: 0)
}
