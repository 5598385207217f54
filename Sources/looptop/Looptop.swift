import ArgumentParser
import Glibc

/// The command line.
@main struct Looptop: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "looptop",
    abstract: "See what an event loop does: its ticks, its callbacks, and which of them made the others wait.",
    discussion: """
      Without a command one chooses among the programs that can be attached to.

      Examples:
        looptop demo blocking-query
        looptop attach my-server
        looptop record -o spike.looptrace -- ./my-server --port 8080
        looptop report spike.looptrace
        looptop check spike.looptrace --max-callback 50ms
      """,
    version: "0.1.0",
    subcommands: [
      ChooseCommand.self, ListCommand.self, AttachCommand.self, RecordCommand.self, ReplayCommand.self,
      ReportCommand.self, CheckCommand.self, DiffCommand.self, QueryCommand.self, VerifyCommand.self,
      ExportCommand.self, ConfigCommand.self, RecoverCommand.self, CleanCommand.self, DemoCommand.self,
      TourCommand.self, ManualCommand.self,
    ],
    defaultSubcommand: ChooseCommand.self)

  /// Runs the command that the arguments name; every error becomes words and an exit code here.
  static func main() {
    // A reader that goes away (`| head`) ends us through the failed write, quietly.
    signal(SIGPIPE, SIG_DFL)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      Standard.error.write("looptop: \(failure.sentence)\n")
      Glibc.exit(failure.exitCode)
    } catch let ended as Ended {
      Glibc.exit(128 + ended.signal)
    } catch let code as ExitCode {
      Glibc.exit(code.rawValue)
    } catch {
      let isHelp = exitCode(for: error).isSuccess
      (isHelp ? Standard.output : Standard.error).write(fullMessage(for: error) + "\n")
      Glibc.exit(isHelp ? 0 : Failure.usageCode)
    }
  }
}
