import Recorder

/// Where in the program a callback was registered or a Deferred was made.
///
/// Three words rather than three literals, because every timer, Deferred and entry of the ready queue carries one.
public struct CallSite: @unchecked Sendable, Equatable, CustomStringConvertible {
  // Unchecked: both pointers point to constants of the program's image.
  private let functionStart: UnsafePointer<UInt8>
  private let fileStart: UnsafePointer<UInt8>
  private let shortLine: UInt32

  init(_ function: StaticString, _ file: StaticString, _ line: UInt) {
    functionStart = Self.start(of: function)
    fileStart = Self.start(of: file)
    shortLine = UInt32(clamping: line)
  }

  /// The function's name, `answer(_:)`.
  public var function: String { String(cString: functionStart) }
  /// The file as the program was built with it, `Server/Users.swift`.
  public var file: String { String(cString: fileStart) }
  /// From 1.
  public var line: UInt { UInt(shortLine) }
  /// Function, file and line in one text.
  public var description: String { "\(function) (\(file):\(line))" }

  /// Its number in a recording.
  func site(in recorder: Recorder) -> RingSite { recorder.site(functionStart, fileStart, line) }

  private static func start(of text: StaticString) -> UnsafePointer<UInt8> {
    let unknown: StaticString = "(unknown)"
    return text.hasPointerRepresentation ? text.utf8Start : unknown.utf8Start
  }
}
