import ArgumentParser
import Glibc
import SystemPackage
import Trace
import TraceStore

/// `looptop verify`: whether a trace is whole.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that a trace is whole, and say what is lost and where.",
    discussion: """
      Returns 0 where nothing is missing, else 3.

      Examples:
        looptop verify spike.looptrace
      """)

  @Argument(help: "The trace.", completion: .trace)
  var file: String

  func run() throws {
    let store: TraceStore
    do throws(TraceError) {
      store = try TraceStore(path: FilePath(file))
      try store.verify()
    } catch {
      throw Failure.trace(error)
    }
    let lines = Verification(store).lines
    Standard.output.write(lines.map { $0 + "\n" }.joined())
    if !Verification(store).isWhole { throw ExitCode(Failure.inputCode) }
  }
}
