import CLinux
import Glibc
import Trace

/// One of the demos, as their program lists them.
struct Demo {
  var name: String
  /// What it compares: each is run by itself.
  var ways: [String]
  /// How many seconds are enough of it; `nil` for one that comes to an end of its own.
  var length: Double?
  /// What there is to see.
  var summary: String

  /// All that there are.
  static func all() throws(Failure) -> [Demo] {
    let program = try DemoProcess.program()
    let output = ll_memfd_create("looptop-demo")
    defer { close(output) }
    var child = try Child([program, "--list"], environment: [:], output: output)
    while !child.hasEnded() { usleep(1_000) }
    return readAll(output).split(separator: "\n").compactMap { Demo(line: $0) }
  }

  /// The one of that name.
  static func named(_ name: String) throws(Failure) -> Demo {
    let all = try all()
    guard let demo = all.first(where: { $0.name == name }) else { throw .noSuchDemo(name, known: all.map(\.name)) }
    return demo
  }

  private init?(line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 4 else { return nil }
    name = String(fields[0])
    ways = fields[1].split(separator: ",").map(String.init)
    length = Double(fields[2])
    summary = String(fields[3])
  }
}

/// The demos' program, at work.
struct DemoProcess {
  var child: Child
  private let name: String
  /// What it prints.
  private let output: Int32

  /// Starts a demo, with its rings in a session's folder.
  init(_ name: String, _ arguments: [String], _ session: SessionFolder) throws(Failure) {
    let program = try DemoProcess.program()
    self.name = name
    output = ll_memfd_create("looptop-demo")
    child = try Child(
      ["looptop-demo", name] + arguments, at: program,
      environment: session.environment.merging(["LOOPTOP": "on"]) { $1 }, output: output)
  }

  /// Where it is: beside this one.
  static func program() throws(Failure) -> String {
    let own = linkTarget("/proc/self/exe") ?? "looptop"
    let program =
      own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/looptop-demo"
    guard access(program, X_OK) == 0 else { throw .noDemoProgram(program) }
    return program
  }

  /// Waits until its loop records; a database is made first, which takes a moment.
  mutating func waitForLoop(_ recording: Recording) throws(Failure) {
    let deadline = ll_monotonic() + 60_000_000_000
    while ll_monotonic() < deadline {
      recording.poll()
      if recording.foundLoops { return }
      guard !child.hasEnded() else { break }
      usleep(10_000)
    }
    throw .demoDidNotStart(name, said: said)
  }

  /// What it has printed.
  var said: String { readAll(output) }
}

private func readAll(_ descriptor: Int32) -> String {
  var bytes = [UInt8](repeating: 0, count: 65_536)
  let count = pread(descriptor, &bytes, bytes.count, 0)
  return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
}

/// Where a symbolic link leads.
private func linkTarget(_ path: String) -> String? {
  var buffer = [UInt8](repeating: 0, count: 4_096)
  let count = buffer.withUnsafeMutableBytes { bytes in
    readlink(path, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
  }
  return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
}
