import CLinux
import Glibc
import Trace

/// The demos' program, at work.
struct DemoProcess {
  var child: Child
  private let name: String
  /// What it printed, for when it does not come up.
  private let output: Int32

  /// Starts a demo, with its rings in a session's folder.
  init(_ name: String, seconds: Double?, _ session: SessionFolder) throws(Failure) {
    let program = DemoProcess.path
    guard access(program, X_OK) == 0 else { throw .noDemoProgram(program) }
    self.name = name
    output = ll_memfd_create("looptop-demo")
    let known = try DemoProcess.names(program)
    guard known.contains(name) else { throw .noSuchDemo(name, known: known) }
    let arguments = [program, name] + (seconds.map { ["--seconds", "\($0)"] } ?? [])
    child = try Child(arguments, environment: session.environment.merging(["LOOPTOP": "on"]) { $1 }, output: output)
  }

  private static func names(_ program: String) throws(Failure) -> [String] {
    let output = ll_memfd_create("looptop-demo")
    defer { close(output) }
    var child = try Child([program, "--list"], environment: [:], output: output)
    while !child.hasEnded() { usleep(1_000) }
    return readAll(output).split(separator: "\n").map(String.init)
  }

  /// Beside this program.
  private static var path: String {
    let own = linkTarget("/proc/self/exe") ?? "looptop"
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      + "/looptop-demo"
  }

  /// Waits until its loop records; a database is made first, which takes a moment.
  mutating func waitForLoop(_ recording: Recording) throws(Failure) {
    let deadline = ll_monotonic() + 30_000_000_000
    while ll_monotonic() < deadline {
      recording.poll()
      if recording.foundLoops { return }
      guard !child.hasEnded() else { break }
      usleep(10_000)
    }
    throw .demoDidNotStart(name, said: DemoProcess.readAll(output))
  }

  private static func readAll(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

/// Where a symbolic link leads.
private func linkTarget(_ path: String) -> String? {
  var buffer = [UInt8](repeating: 0, count: 4_096)
  let count = buffer.withUnsafeMutableBytes { bytes in
    readlink(path, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
  }
  return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
}
