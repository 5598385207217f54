import Recorder

/// Where in the program a callback was registered or a Deferred was made.
///
/// Two words rather than three literals, because every timer, Deferred and entry of the ready queue carries one, and a call
/// from a thread takes them from one core's cache to another's.
///
/// ```swift
/// reactor.onUnhandledFailure = { failure in
///   print("\(failure.error) in \(failure.site.file), line \(failure.site.line)")
/// }
/// ```
public struct CallSite: @unchecked Sendable, Equatable, CustomStringConvertible {
  // Unchecked: both are addresses of constants of the program's image, of 48 bits; above them stand the line's halves.
  @usableFromInline let functionWord: UInt
  @usableFromInline let fileWord: UInt

  @inlinable init(_ function: StaticString, _ file: StaticString, _ line: UInt) {
    functionWord = UInt(bitPattern: Self.start(of: function)) | line << 48
    fileWord = UInt(bitPattern: Self.start(of: file)) | (line >> 16) << 48
  }

  private var functionStart: UnsafePointer<UInt8> { Self.start(in: functionWord) }
  private var fileStart: UnsafePointer<UInt8> { Self.start(in: fileWord) }

  /// The function's name, `answer(_:)`.
  public var function: String { String(cString: functionStart) }
  /// The file as the program was built with it, `Server/Users.swift`.
  public var file: String { String(cString: fileStart) }
  /// From 1.
  public var line: UInt { functionWord >> 48 | (fileWord >> 48) << 16 }
  /// Function, file and line in one text.
  public var description: String { "\(function) (\(file):\(line))" }

  /// Its number in a recording.
  func site(in recorder: Recorder) -> RingSite { recorder.site(functionStart, fileStart, line) }

  private static func start(in word: UInt) -> UnsafePointer<UInt8> {
    UnsafePointer(bitPattern: word & (1 << 48 - 1))!
  }

  @inlinable static func start(of text: StaticString) -> UnsafePointer<UInt8> {
    let unknown: StaticString = "(unknown)"
    return text.hasPointerRepresentation ? text.utf8Start : unknown.utf8Start
  }
}
