import Glibc

/// A folder that is gone, with all that is in it, when its last user is.
final class TemporaryFolder {
  let path: String

  init() {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    var template = Array("\(parent)/looptop-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no folder can be made in \(parent)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { _ = run(["/bin/rm", "-rf", path]) }

  /// A folder in it.
  func make(_ name: String) -> String {
    mkdir("\(path)/\(name)", 0o700)
    return "\(path)/\(name)"
  }
}

/// What a program took.
struct Cost {
  /// From its start to its end, in milliseconds.
  var milliseconds: Double
  /// The most memory that it had at once, in megabytes.
  var megabytes: Double
}

/// Runs a program with its output thrown away; `nil` where it fails.
func run(_ command: [String]) -> Cost? {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
  let arguments = command.map { strdup($0) } + [nil]
  defer { arguments.forEach { free($0) } }
  var status: Int32 = -1
  var usage = rusage()
  let time = nanoseconds {
    var pid: pid_t = 0
    guard posix_spawn(&pid, command[0], &actions, nil, arguments, environ) == 0 else { return }
    wait4(pid, &status, 0, &usage)
  }
  return status == 0 ? Cost(milliseconds: time / 1e6, megabytes: Double(usage.ru_maxrss) / 1024) : nil
}
