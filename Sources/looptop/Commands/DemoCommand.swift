import Analysis
import ArgumentParser
import CLinux
import Glibc

/// `looptop demo`: a small program with one thing wrong with it, watched.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run a demo and watch it: healthy, blocking-query, never-fires or hang.",
    discussion: """
      healthy         a server as it should be
      blocking-query  one kind of request asks the database on the loop
      never-fires     a retry leaves a request waiting for a Deferred that nobody can fire
      hang            eight seconds in, a callback never returns
      """)

  @Argument(help: "Which one.")
  var name = "blocking-query"

  @Option(help: "End it after so many seconds (without a view: 5, and 12 for hang).")
  var seconds: Double?

  @Option(name: .shortAndLong, help: "Keep its trace in this file.")
  var output: String?

  @Flag(name: .shortAndLong, help: "Replace the file if it is there.")
  var force = false

  @Flag(inversion: .prefixedNo, help: "Watch it on the screen; without, its report is printed at the end.")
  var view = true

  @OptionGroup var screen: ScreenOptions

  func validate() throws {
    if let seconds, !(0...86_400).contains(seconds) {
      throw ValidationError("--seconds takes a number from 0 to 86400, not \(seconds).")
    }
  }

  func run() throws {
    if view { try Viewer.requireTerminal() }
    let session = try SessionFolder()
    defer { session.remove() }
    let recording = try Recording(session.path, into: output, force: force)
    defer { recording.close() }
    var demo = try DemoProcess(name, seconds: length, session)
    defer { demo.child.end() }
    let study = try Study(recording)
    if view {
      try watch(&demo, recording, study)
    } else {
      try runToEnd(&demo, recording, study)
    }
  }

  private var length: Double? { seconds ?? (view ? nil : name == "hang" ? 12 : 5) }

  private func watch(_ demo: inout DemoProcess, _ recording: Recording, _ study: Study) throws {
    try demo.waitForLoop(recording)
    try Viewer(study, recording: recording, screen).run()
    demo.child.end()
    study.isLive = false
  }

  private func runToEnd(_ demo: inout DemoProcess, _ recording: Recording, _ study: Study) throws {
    try demo.waitForLoop(recording)
    // One that hangs cannot end itself. One that is merely late, in a query or for want of a CPU, is given the time: it is
    // not to be judged in the middle of something.
    let deadline = ll_monotonic() + Int64((length! + 3) * 1e9)
    while !demo.child.hasEnded(), ll_monotonic() < deadline {
      recording.poll()
      try study.advance()
      usleep(50_000)
    }
    // What hangs is judged as of now, before it is gone.
    recording.poll()
    try study.advance()
    let report = study.report
    demo.child.end()
    recording.poll()
    Standard.output.write(TextReport.render(report))
  }
}
