/// What can be wrong with a trace file as a whole; damage inside of one is data, not an error.
public enum TraceError: Error, Hashable, Sendable {
  /// The file does not begin as a trace does.
  case notATrace(name: String)
  /// The file has no bytes.
  case empty(name: String)
  /// The file begins as a trace does and ends within its header, after this many bytes.
  case tooShort(name: String, bytes: Int64)
  /// The file was written by a program that is too new.
  case laterVersion(name: String, found: FormatVersion, known: FormatVersion)
  /// The name is that of a folder, pipe or device.
  case notAFile(name: String)
  /// A trace is to be created and there is a file of that name.
  case exists(name: String)
  /// Another process is writing the file.
  case beingWritten(name: String)
  /// Somebody deleted the file, or its folder, while it was being written.
  case deleted(name: String)
  /// Read together with others it has more loops than can be numbered.
  case tooManyLoops(name: String)
  /// The system refused: which call, on what, why.
  case system(call: String, name: String, errno: Int32)
}

/// The version of the file's format.
public struct FormatVersion: Hashable, Sendable {
  /// Readers refuse a later one.
  public var major: UInt16
  /// Readers skip what a later one has added.
  public var minor: UInt16

  /// A version from its numbers.
  public init(major: UInt16, minor: UInt16) {
    self.major = major
    self.minor = minor
  }

  /// What this program writes.
  public static let current = FormatVersion(major: 1, minor: 0)
}
