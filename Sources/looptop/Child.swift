import Glibc

/// A program that this one starts, watches and outlives.
struct Child {
  let pid: pid_t
  private(set) var status: Status?

  /// How it ended.
  enum Status: Hashable {
    case exited(Int32)
    case signalled(Int32)

    /// What a shell would say: the program's own status, or 128 and the signal's number.
    var code: Int32 {
      switch self {
      case .exited(let code): code
      case .signalled(let signal): 128 + signal
      }
    }
  }

  /// Starts a program found through PATH, with additions to the environment.
  ///
  /// - Parameter output: where its stdout and stderr go; `nil` leaves them with ours.
  /// - Throws: `Failure.cannotStart`.
  init(_ arguments: [String], environment additions: [String: String], output: Int32? = nil) throws(Failure) {
    var environment = Child.environment.filter { entry in
      !additions.keys.contains { entry.hasPrefix("\($0)=") }
    }
    environment += additions.map { "\($0.key)=\($0.value)" }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
      posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    }
    // What we ignore to survive a Ctrl-C meant for the program must not be ignored by the program.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGTSTP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var pid: pid_t = 0
    let code = withCStrings(arguments) { argv in
      withCStrings(environment) { envp in posix_spawnp(&pid, argv[0]!, &actions, &attributes, argv, envp) }
    }
    guard code == 0 else { throw .cannotStart(arguments[0], code) }
    self.pid = pid
  }

  private static var environment: [String] {
    var entries: [String] = []
    var next = environ
    while let entry = next.pointee {
      entries.append(String(cString: entry))
      next += 1
    }
    return entries
  }

  /// Whether it has ended; does not wait.
  mutating func hasEnded() -> Bool {
    guard status == nil else { return true }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return false }
    status = raw & 0x7F == 0 ? .exited(raw >> 8 & 0xFF) : .signalled(raw & 0x7F)
    return true
  }

  /// Sends it a signal, if it still runs.
  mutating func signal(_ number: Int32) {
    if !hasEnded() { kill(pid, number) }
  }

  /// Ends it at once and waits for that.
  mutating func end() {
    while !hasEnded() {
      kill(pid, SIGKILL)
      usleep(1_000)
    }
  }
}

/// Calls a body with strings as C wants them: an array of pointers that ends with a null.
private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
  let copies = strings.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return body(copies + [nil])
}
