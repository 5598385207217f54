import Glibc

/// An error that nobody handled: thrown by a callback of the loop, or still a Deferred's when the last one let go of it.
public struct UnhandledFailure {
  /// What was thrown.
  public let error: any Error
  /// Where the callback was registered, or the Deferred made, that failed.
  public let site: CallSite

  /// Writes one line to stderr: what a reactor does unless its `onUnhandledFailure` is set.
  public func print() {
    let line = "unhandled failure: \(error), from \(site)\n"
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// Ends the program because it used the reactor wrongly; unlike `precondition` it says why in release builds too.
func misuse(_ text: String, _ file: StaticString = #fileID, _ line: UInt = #line) -> Never {
  fatalError(text, file: file, line: line)
}
