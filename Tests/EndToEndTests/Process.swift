import Glibc

/// What a program printed and how it ended.
struct Output {
  var out: String
  var err: String
  var status: Int32
}

/// The programs under test, as they were built.
enum Built {
  /// The folder of this test's own executable.
  static let folder: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
  }()
  static let looptop = folder + "/looptop"
  static let demo = folder + "/looptop-demo"
  /// Where the programs under test have their rings, so that other programs of this user have no part in the tests.
  static let rings: String = {
    atexit { _ = try? run(["/bin/rm", "-rf", "/dev/shm/looptop-e2e-\(getpid())"]) }
    return "/dev/shm/looptop-e2e-\(getpid())"
  }()
}

/// A folder that is gone with its last user.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/looptop-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemFailure(code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { _ = try? run(["/bin/rm", "-rf", path]) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and returns its path.
  func write(_ name: String, _ bytes: [UInt8]) -> String {
    let stream = fopen(file(name), "w")!
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return file(name)
  }
}

struct SystemFailure: Error { var code: Int32 }

/// A program that runs beside the test.
struct Running {
  let pid: pid_t

  /// Starts it with its output in files; `nil` for those leaves it without.
  init(_ arguments: [String], environment: [String: String] = [:], out: String = "/dev/null", err: String = "/dev/null")
    throws
  {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let environment = ["LOOPTOP_DIR": Built.rings].merging(environment) { $1 }
    var all: [String] = []
    var next = environ
    while let entry = next.pointee {
      all.append(String(cString: entry))
      next += 1
    }
    all.removeAll { entry in environment.keys.contains { entry.hasPrefix("\($0)=") } }
    all += environment.map { "\($0.key)=\($0.value)" }
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = all.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    // The threads that tests run on have signals blocked; a program must not inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
    guard code == 0 else { throw SystemFailure(code: code) }
    self.pid = pid
  }

  /// Waits for its end, a minute at most, then kills it; what a shell would say of it.
  func wait() -> Int32 {
    var status: Int32 = 0
    let ended = eventually(within: 60) { waitpid(pid, &status, WNOHANG) == pid ? true : nil }
    if ended == nil {
      kill(pid, SIGKILL)
      waitpid(pid, &status, 0)
    }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  func signal(_ number: Int32) { kill(pid, number) }
}

/// Runs a program to its end.
func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Output {
  let base = "/tmp/looptop-run-\(getpid())-\(UInt32.random(in: .min ... .max))"
  defer {
    unlink(base + ".out")
    unlink(base + ".err")
  }
  let status = try Running(arguments, environment: environment, out: base + ".out", err: base + ".err").wait()
  return Output(
    out: String(decoding: contents(base + ".out"), as: UTF8.self),
    err: String(decoding: contents(base + ".err"), as: UTF8.self), status: status)
}

/// All bytes of a file; none where it cannot be read.
func contents(_ path: String) -> [UInt8] {
  guard let stream = fopen(path, "r") else { return [] }
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
  return bytes
}

/// Asks again and again until the answer is there, at most so many seconds: for what other processes do in their own time.
func eventually<T>(within seconds: Double = 20, _ question: () throws -> T?) rethrows -> T? {
  for _ in 0..<Int(seconds * 50) {
    if let answer = try question() { return answer }
    usleep(20_000)
  }
  return try question()
}
