import Glibc
import Reactor

/// This program once more, in a process of its own, for demos that wait for it without a loop.
struct ChildProcess {
  let pid: pid_t
  /// What it prints, where that was asked for; -1 else.
  private let pipe: Int32

  /// Where its standard output goes.
  enum Output {
    case inherited, pipe
  }

  /// Why there is none.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Starts it. Ends with this process at the latest.
  ///
  /// - Parameters:
  ///   - records: whether what it does is of interest; a load's own loop is not.
  ///   - descriptor: what it has as descriptor 3.
  init(_ options: Options, records: Bool, output: Output = .inherited, descriptor: Int32? = nil) throws(Failure) {
    var ends: [Int32] = [-1, -1]
    if output == .pipe, Glibc.pipe(&ends) != 0 { throw Failure(description: "no pipe: errno \(errno)") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if output == .pipe {
      posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
      // Whoever comes later must not keep this one's pipe open.
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    if let descriptor { posix_spawn_file_actions_adddup2(&actions, descriptor, 3) }
    let argv = ([CommandLine.arguments[0]] + options.arguments).map { strdup($0) } + [nil]
    let envp = ChildProcess.environment(records: records).map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, "/proc/self/exe", &actions, nil, argv, envp)
    if output == .pipe { close(ends[1]) }
    guard code == 0 else { throw Failure(description: "this program cannot be started once more: errno \(code)") }
    self.pid = pid
    pipe = ends[0]
  }

  /// This program once more, as a child of a loop, which it does not outlive.
  static func spawn(_ options: Options, records: Bool, beside reactor: Reactor) throws(ReactorError) {
    _ = try reactor.spawn(program, options.arguments, environment: records ? [:] : ["LOOPTOP": "off"])
  }

  private static let program: String = {
    var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = path.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
    return String(decoding: path.prefix(max(0, count)), as: UTF8.self)
  }()

  private static func environment(records: Bool) -> [String] {
    var entries: [String] = []
    var next = environ
    while let entry = next.pointee {
      entries.append(String(cString: entry))
      next += 1
    }
    if records { return entries }
    return entries.filter { !$0.hasPrefix("LOOPTOP=") } + ["LOOPTOP=off"]
  }

  /// A line of what it prints, at most 4 KiB; waits for it. `nil` at the end.
  func readLine() -> String? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 4_096, read(pipe, &byte, 1) == 1 {
      if byte == 10 { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return nil
  }

  /// Waits for its end; what a shell would say of it.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    if pipe >= 0 { close(pipe) }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  /// Ends it.
  func stop() {
    kill(pid, SIGKILL)
    _ = wait()
  }
}
