import Glibc

/// An error that nobody handled: thrown by a callback of the loop, or still a Deferred's when the last one let go of it.
///
/// ```swift
/// reactor.onUnhandledFailure = { failure in
///   print(failure.error, "from", failure.site, "in the chain of", failure.origin?.description ?? "nothing")
/// }
/// ```
public struct UnhandledFailure {
  /// What was thrown.
  public let error: any Error
  /// Where it failed: where the callback was registered or the step added that threw, or where the Deferred was made that was
  /// fired with the error.
  public let site: CallSite
  /// Where the chain's first Deferred was made; `nil` for a callback of the loop.
  public let origin: CallSite?

  /// Writes one line to stderr: what a reactor does unless its `onUnhandledFailure` is set.
  public func print() { printError("unhandled failure: \(self)") }
}

extension UnhandledFailure: CustomStringConvertible {
  /// `no such user, from find(_:) (Server/Users.swift:12), in the chain of the Deferred made in …`
  public var description: String {
    let chain = origin.map { $0 == site ? "" : ", in the chain of the Deferred made in \($0)" } ?? ""
    return "\(error), from \(site)\(chain)"
  }
}

/// Writes one line to stderr.
func printError(_ text: String) {
  _ = Array("\(text)\n".utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Ends the program because it used the reactor wrongly; unlike `precondition` it says why in release builds too.
func misuse(_ text: String, _ file: StaticString = #fileID, _ line: UInt = #line) -> Never {
  fatalError(text, file: file, line: line)
}
