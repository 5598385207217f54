import Glibc

/// A PostgreSQL server of this process's own, for tests and demos: in a temporary folder, on a Unix socket, without a port.
///
/// ```swift
/// let server = try PostgresServer()
/// defer { server.stop() }
/// print(try BlockingPostgresConnection(to: server.connectionInfo).query("SELECT version()")[0][0] ?? "")
/// ```
///
/// Starting it takes a few seconds, and blocks. It ends with `stop`, with its last user, and with this process, however that
/// ends: a shell that stands between the two sees its input close. A process of root's runs it as the user `postgres`, or
/// `nobody`, because PostgreSQL refuses root.
public final class PostgresServer {
  /// Where it can be reached.
  public let connectionInfo: String
  private let folder: String
  private let shell: pid_t
  /// Open for as long as the server is to run; -1 once it was stopped.
  private var lifeline: Int32

  /// Why there is no server.
  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// PostgreSQL's server is not installed.
    case notInstalled
    /// A system call failed, with this `errno`.
    case failed(String, errno: Int32)
    /// It was not up within the time given; its last words.
    case didNotStart(String)

    /// One clause for a person, without a full stop.
    public var description: String {
      switch self {
      case .notInstalled: "there is no PostgreSQL server on this machine (Debian's package is named postgresql)"
      case .failed(let call, let code): "no PostgreSQL server: \(call): \(String(cString: strerror(code)))"
      case .didNotStart(let words): "PostgreSQL did not start: \(words)"
      }
    }
  }

  /// Whether there is a server to start.
  public static var isInstalled: Bool { programs != nil }

  /// Starts a new, empty server, and waits until it answers, `patience` seconds at most.
  public init(patience: Int = 60) throws(Failure) {
    guard let programs = PostgresServer.programs else { throw .notInstalled }
    let user = try PostgresServer.user()
    folder = try PostgresServer.makeFolder(for: user)
    connectionInfo = "host=\(folder) user=looptop dbname=postgres connect_timeout=5"
    let command = user.map { PostgresServer.prefix($0) } ?? []
    (shell, lifeline) = try PostgresServer.spawn(
      command + ["/bin/sh", "-c", PostgresServer.script, "looptop-postgres", programs, folder])
    try wait(patience)
  }

  deinit { stop() }

  /// Stops it, and waits for that. Does nothing the second time.
  public func stop() {
    guard lifeline >= 0 else { return }
    close(lifeline)
    lifeline = -1
    waitpid(shell, nil, 0)
  }

  // MARK: Starting

  /// Runs until the end of its input, then stops the server and removes everything.
  private static let script = """
    exec >"$2/log" 2>&1
    if "$1/initdb" -D "$2/data" -U looptop -A trust -E UTF8 --locale=C --no-sync; then
      "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c shared_buffers=16MB </dev/null &
      read -r _
      kill -QUIT $!
      wait $!
    else
      touch "$2/failed"
      read -r _
    fi
    rm -rf "$2"
    """

  /// Asks until it answers. A start that failed leaves its shell waiting, so that there is a log to read.
  private func wait(_ patience: Int) throws(Failure) {
    for _ in 0..<(patience * 20) where access(folder + "/failed", F_OK) != 0 && waitpid(shell, nil, WNOHANG) == 0 {
      if (try? BlockingPostgresConnection(to: connectionInfo)) != nil { return }
      usleep(50_000)
    }
    let words = PostgresServer.lastLine(of: folder + "/log")
    stop()
    throw .didNotStart(words)
  }

  /// The newest of Debian's versions.
  private static let programs: String? = {
    (9...99).reversed().map { "/usr/lib/postgresql/\($0)/bin" }
      .first { access($0 + "/initdb", X_OK) == 0 && access($0 + "/postgres", X_OK) == 0 }
  }()

  private struct User {
    var id: uid_t
    var group: gid_t
  }

  /// Whom to run it as; `nil` for whom this process runs as.
  private static func user() throws(Failure) -> User? {
    guard getuid() == 0 else { return nil }
    for name in ["postgres", "nobody"] {
      if let found = getpwnam(name) { return User(id: found.pointee.pw_uid, group: found.pointee.pw_gid) }
    }
    throw .failed("no user to run it as", errno: ENOENT)
  }

  private static func prefix(_ user: User) -> [String] {
    ["/usr/bin/setpriv", "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--"]
  }

  private static func makeFolder(for user: User?) throws(Failure) -> String {
    var template = Array("/tmp/looptop-postgres-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw .failed("mkdtemp", errno: errno) }
    let folder = String(cString: made)
    if let user, chown(folder, user.id, user.group) != 0 { throw .failed("chown \(folder)", errno: errno) }
    return folder
  }

  private static func spawn(_ arguments: [String]) throws(Failure) -> (pid_t, Int32) {
    var ends: [Int32] = [-1, -1]
    // Close-on-exec: no other child may hold the lifeline.
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .failed("socketpair", errno: errno) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
    // The threads that start it may have signals blocked; the server must not inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    let argv = arguments.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    let environment = [strdup("PATH=/usr/bin:/bin"), nil]
    defer { environment.forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, environment)
    if code != 0 {
      close(ends[1])
      throw .failed(arguments[0], errno: code)
    }
    return (pid, ends[1])
  }

  private static func lastLine(of path: String) -> String {
    guard let stream = fopen(path, "r") else { return "it left no log" }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, stream)
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").last.map(String.init) ?? "nothing"
  }
}
