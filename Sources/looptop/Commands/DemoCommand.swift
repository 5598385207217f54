import Analysis
import ArgumentParser
import CLinux
import Glibc

/// `looptop demo`: a small program with something to see, watched.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run a demo and watch it.",
    discussion: """
      --list says which there are. Some do the same in several ways, to compare: these
      run one after the other, each with a recording of its own (q goes on to the next),
      and what they have to say comes at the end.

      Examples:
        looptop demo blocking-query
        looptop demo talk -o talk.looptrace     (writes talk-synchronous.looptrace, talk-deferred.looptrace)
        looptop demo talk --way deferred --database postgresql
        looptop demo four-ways --no-view
      """)

  @Argument(
    help: "Which one.", completion: .custom { _, _, _ in ((try? Demo.all()) ?? []).map(\.name) })
  var name = "blocking-query"

  @Flag(help: "Say which there are.")
  var list = false

  @Option(help: "Only one of its ways.")
  var way: String?

  @Option(
    help: ArgumentHelp(
      "The database of talk and four-ways: sqlite, postgresql for a server of its own, or a connection string.",
      valueName: "database"))
  var database: String?

  @Option(help: "End it after so many seconds (without a view: 5, and 12 for hang; four-ways ends by itself).")
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
    if list { return try printList() }
    if view { try Viewer.requireTerminal() }
    let demo = try Demo.named(name)
    if let way, !demo.ways.contains(way) { throw Failure.noSuchWay(name, way, known: demo.ways) }
    let ways: [String?] = way != nil || demo.ways.isEmpty ? [way] : demo.ways
    var said = ""
    for way in ways { said += try run(demo, way) }
    Standard.output.write(visibleLines(said))
  }

  private func printList() throws {
    let demos = try Demo.all()
    let width = demos.map(\.name.count).max() ?? 0
    for demo in demos {
      let space = String(repeating: " ", count: width + 2 - demo.name.count)
      Standard.output.write(demo.name + space + demo.summary + "\n")
    }
  }

  /// Runs it in one way, or in the only one; returns what it said.
  private func run(_ demo: Demo, _ way: String?) throws -> String {
    let session = try SessionFolder()
    defer { session.remove() }
    let recording = try Recording(session.path, into: file(for: way), force: force)
    defer { recording.close() }
    // One that comes to an end of its own is not cut short.
    let length = demo.length == nil ? nil : seconds ?? (view ? nil : demo.length)
    var process = try DemoProcess(demo.name, arguments(way, length), session)
    defer { process.child.end() }
    let study = try Study(recording)
    try process.waitForLoop(recording)
    if view {
      try watch(&process, recording, study)
      return process.said
    }
    let report = try runToEnd(&process, recording, study, length)
    if case .exited(let code) = process.child.status, code != 0 {
      throw Failure.demoFailed(demo.name, said: process.said.split(separator: "\n").joined(separator: " "))
    }
    if let way { Standard.output.write("\(demo.name), \(way)\n\n") }
    Standard.output.write(TextReport.render(report))
    return process.said
  }

  private func arguments(_ way: String?, _ length: Double?) -> [String] {
    (way.map { ["--way", $0] } ?? []) + (length.map { ["--seconds", "\($0)"] } ?? [])
      + (database.map { ["--database", $0] } ?? [])
  }

  /// The file of its own that a way has: its name, and the way's before the ending.
  private func file(for way: String?) -> String? {
    guard let output, let way else { return output }
    let ending = ".looptrace"
    return output.hasSuffix(ending) ? "\(output.dropLast(ending.count))-\(way)\(ending)" : "\(output)-\(way)"
  }

  private func watch(_ process: inout DemoProcess, _ recording: Recording, _ study: Study) throws {
    try Viewer(study, recording: recording, screen).run()
    process.child.end()
    study.isLive = false
  }

  private func runToEnd(
    _ process: inout DemoProcess, _ recording: Recording, _ study: Study, _ length: Double?
  ) throws -> Report {
    // One that hangs cannot end itself; one that comes to an end of its own is given two minutes. One that is merely late,
    // in a query or for want of a CPU, is given the time: it is not to be judged in the middle of something.
    let deadline = ll_monotonic() + Int64(((length ?? 120) + 3) * 1e9)
    while !process.child.hasEnded(), ll_monotonic() < deadline {
      recording.poll()
      usleep(50_000)
    }
    // What hangs is judged as of now, before it is gone.
    recording.poll()
    let report = study.report
    process.child.end()
    recording.poll()
    return report
  }

  private func visibleLines(_ text: String) -> String {
    text.split(separator: "\n").map { visible(String($0)) + "\n" }.joined()
  }
}
