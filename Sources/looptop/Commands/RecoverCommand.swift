import ArgumentParser
import Drain
import Glibc
import Trace

/// `looptop recover`: what is in a ring, into a file.
struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Make a trace of what a program did last, from its rings.",
    discussion: """
      The rings stay. Of a program that runs on it is what its rings reach back to, up to now.

      Examples:
        looptop recover 4711 -o crash.looptrace
        looptop recover /dev/shm/looptop-1000/4711-99-0.ring -o crash.looptrace
      """)

  @Argument(help: ArgumentHelp("Its pid or name, or the file of one ring.", valueName: "pid|name|ring"))
  var target: String

  @Option(name: .shortAndLong, help: "The file to write; one that is there already is not replaced without --force.")
  var output = "looptop.looptrace"

  @Flag(name: .shortAndLong, help: "Replace the file if it is there.")
  var force = false

  func run() throws {
    let recording: Recording
    if target.hasSuffix(RingFolder.suffix) {
      // Before the file is made, or replaced.
      do throws(RingError) { try RingCatalog.check(ringAt: target) } catch { throw Failure.ring(error) }
      recording = try Recording(ring: target, into: output, force: force)
    } else {
      let program = try Programs.find(target)
      recording = try Recording(
        program.folder, selecting: .process(program.identity), into: output, force: force)
    }
    recording.close()
    guard recording.foundLoops else {
      unlink(output)
      throw recording.unusable.first.map(Failure.ring) ?? Failure.noEvents(target)
    }
    if let failure = recording.writer.failure { throw Failure.trace(failure) }
    Standard.error.write(
      "looptop: recovered into \(visible(output)); see it with `looptop replay \(visible(output))`\n")
  }
}
