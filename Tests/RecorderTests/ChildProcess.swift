import Glibc

/// A run of the program `RecorderChild`, in one of its roles.
struct ChildProcess {
  let pid: pid_t
  private let words: Int32

  /// Starts it.
  init(_ arguments: String...) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw ChildError(code: errno) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addclose(&actions, ends[1])
    var argv = (["RecorderChild"] + arguments).map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var pid: pid_t = 0
    let failed = posix_spawn(&pid, ChildProcess.program, &actions, nil, &argv, environ)
    close(ends[1])
    self.pid = pid
    words = ends[0]
    guard failed == 0 else { throw ChildError(code: failed) }
  }

  /// Waits for its end; its wait status, and what it said on its stderr.
  @discardableResult func wait() -> (status: Int32, said: String) {
    var said: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while case let count = read(words, &bytes, bytes.count), count > 0 { said += bytes.prefix(count) }
    close(words)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return (status, String(decoding: said, as: UTF8.self))
  }

  /// Beside this test's own executable.
  private static let program: String = {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let own = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    return own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/RecorderChild"
  }()
}

/// Why a child did not start.
struct ChildError: Error {
  let code: Int32
}
