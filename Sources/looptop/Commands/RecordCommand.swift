import Analysis
import ArgumentParser
import Drain
import Glibc

/// `looptop record`: a program's trace into a file.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Run a program and record its loops into a file.",
    discussion: """
      Returns the program's own status, 128 and the signal's number where a signal
      ended it, and 125 to 127 where it could not be run. Ctrl-C goes to the program;
      what it did until it ended is in the file.

      Examples:
        looptop record -o spike.looptrace -- ./my-server --port 8080
        looptop record --keep 10m -o latest.looptrace -- ./my-server
        looptop record --keep 512MB -- ./my-server
        looptop record --on-stall -o spike.looptrace -- ./my-server     (writes spike-1.looptrace, …)
      """)

  @Option(name: .shortAndLong, help: "The file to write; one that is there already is not replaced without --force.")
  var output = "looptop.looptrace"

  @Flag(name: .shortAndLong, help: "Replace the file if it is there.")
  var force = false

  @Option(
    help: ArgumentHelp(
      "Keep only the latest so long, or so much, on disk: 10m, 2h, 512MB, 1GB.",
      discussion: "When the program has ended, what was kept is put in order, which takes that much room once more.",
      valueName: "time|size"))
  var keep: Keep?

  @Flag(help: "Write a file, numbered, for each stall only: ten seconds before it and five after.")
  var onStall = false

  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
  var program: [String]

  func validate() throws {
    guard keep == nil || !onStall else { throw ValidationError("--keep and --on-stall exclude each other.") }
  }

  func run() throws {
    let thresholds = try onStall ? Settings.read().thresholds : Thresholds()
    let session = try SessionFolder()
    defer { session.remove() }
    let recording =
      onStall
      ? try Recording(session.path, keeping: StallRecording.spool)
      : try Recording(session.path, into: output, force: force, keeping: keep)
    let stalls = onStall ? try StallRecording(recording, beside: output, force: force, thresholds: thresholds) : nil
    // These are meant for the program; it has them as they were.
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
    var child: Child
    do {
      child = try Child(program, environment: session.environment)
    } catch {
      recording.close()
      if !onStall { unlink(output) }
      throw error
    }
    while !child.hasEnded() {
      recording.poll()
      try stalls?.advance()
      usleep(50_000)
    }
    try stalls?.finish()
    recording.close()
    for problem in recording.unusable { Standard.error.write("looptop: \(problem.sentence)\n") }
    guard recording.foundLoops else {
      Standard.error.write("looptop: \(Failure.nothingRecorded(program[0]).sentence)\n")
      session.remove()
      if !onStall { unlink(output) }
      Glibc.exit(child.status!.code)
    }
    if let failure = recording.writer.failure {
      let lost = recording.writer.lostEvents
      Standard.error.write(
        "looptop: " + (lost > 0 ? "\(lost) events could not be written: " : "")
          + "\(Failure.trace(failure).sentence)\n")
      if case .deleted = failure { throw ExitCode(child.status!.code) }
    }
    if let stalls {
      if stalls.files == 0 { Standard.error.write("looptop: no loop stalled, and nothing was written\n") }
      throw ExitCode(child.status!.code)
    }
    Standard.error.write("looptop: recorded into \(visible(output)); see it with `looptop replay \(visible(output))`\n")
    throw ExitCode(child.status!.code)
  }
}
