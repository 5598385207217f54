import Glibc

/// A program on a terminal that nobody looks at: keys go in, and it is seen when and how much comes out.
final class PseudoTerminal {
  let pid: pid_t
  private let master: Int32
  /// POSIX_SPAWN_SETSID, TIOCGPTN and TIOCSPTLCK, which Glibc does not export to Swift.
  private static let newSession: Int16 = 0x80
  private static let terminalNumber: UInt = 0x8004_5430
  private static let setLock: UInt = 0x4004_5431

  /// Starts a program on a terminal of 80 by 24; `nil` where that cannot be done.
  init?(_ command: [String], environment: [String: String] = [:]) {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var number: Int32 = 0
    var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    guard master >= 0, ioctl(master, PseudoTerminal.setLock, &number) == 0,
      ioctl(master, PseudoTerminal.terminalNumber, &number) == 0,
      ioctl(master, UInt(TIOCSWINSZ), &size) == 0
    else { return nil }
    let name = "/dev/pts/\(number)"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Whoever leads a session and opens a terminal first has it as its own.
    posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, PseudoTerminal.newSession)
    let argv = command.map { strdup($0) } + [nil]
    let values = ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
    let envp = values.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    guard posix_spawn(&pid, command[0], &actions, &attributes, argv, envp) == 0 else { return nil }
    self.pid = pid
  }

  deinit {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
    close(master)
  }

  func press(_ keys: String) { _ = write(master, keys, keys.utf8.count) }

  /// Takes in what the program shows next; returns how many bytes, none when the time is up.
  @discardableResult
  func output(within milliseconds: Int32) -> Int {
    var source = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    guard poll(&source, 1, milliseconds) > 0 else { return 0 }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    return max(0, read(master, &buffer, buffer.count))
  }

  /// Takes in what it shows until it is quiet for so long, or until the limit.
  func settle(quiet: Int32, limit: Double) {
    let end = now() + limit * 1e3
    while now() < end, output(within: quiet) > 0 {}
  }

  /// Takes in what it shows for so many seconds, quiet or not.
  func watch(seconds: Double) {
    let end = now() + seconds * 1e3
    while case let left = end - now(), left > 0 { output(within: Int32(left) + 1) }
  }

  /// CPU time that it has taken, in milliseconds.
  var cpu: Double { Usage(of: pid).cpu }

  /// Memory that it has, in megabytes.
  var memory: Double { Usage(of: pid).memory }
}

/// What a process has taken of the machine.
struct Usage {
  /// CPU time, in milliseconds, to the nanosecond.
  var cpu = 0.0
  /// Memory that is there, in megabytes.
  var memory = 0.0

  init(of pid: pid_t) {
    for thread in Usage.text("/proc/\(pid)/task/\(pid)/schedstat").split(separator: " ").prefix(1) {
      cpu = (Double(thread) ?? 0) / 1e6
    }
    for line in Usage.text("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix("RssAnon:") {
      memory = (line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
    }
  }

  private static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    let count = read(file, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }
}

/// Milliseconds on a clock that only goes forward.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}
