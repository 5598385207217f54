import ArgumentParser
import Glibc

/// `looptop tour`: what the screens show, explained on a trace.
struct TourCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tour",
    abstract: "Take a walk of two minutes through a trace: the loop, a slow callback, a chain.",
    discussion: """
      Without a file, the demo blocking-query is recorded for five seconds and shown.

      Examples:
        looptop tour
        looptop tour spike.looptrace
      """)

  @Argument(help: "A trace to walk through.", completion: .trace)
  var file: String?

  @OptionGroup var screen: ScreenOptions

  func run() throws {
    try Viewer.requireTerminal()
    if let file {
      return try Viewer(Study(file: file, thresholds: Settings.read().thresholds), recording: nil, screen).run(
        tour: true)
    }
    let session = try SessionFolder()
    defer { session.remove() }
    let recording = try Recording(session.path)
    defer { recording.close() }
    try record(session, into: recording)
    let study = try Study(recording)
    study.isLive = false
    try Viewer(study, recording: nil, screen).run(tour: true)
  }

  private static let length = 5.0

  private func record(_ session: SessionFolder, into recording: Recording) throws {
    Standard.error.write("Recording a demo for five seconds…\n")
    var demo = try DemoProcess("blocking-query", ["--seconds", "\(TourCommand.length)"], session)
    defer { demo.child.end() }
    try demo.waitForLoop(recording)
    // It ends by itself; one that is late for want of a CPU is waited for, within reason.
    for _ in 0..<Int(TourCommand.length * 40) where !demo.child.hasEnded() {
      recording.poll()
      usleep(50_000)
    }
    recording.drainAll()
  }
}
