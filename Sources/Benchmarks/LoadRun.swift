import Glibc
import Recorder

/// A loop that runs so many callbacks a second and does nothing in them: `--load RATE SECONDS`.
enum LoadRun {
  /// Runs what `arguments` say, if they say that.
  static func run(_ arguments: [String]) -> Bool {
    guard arguments.count == 3, arguments[0] == "--load", let rate = Int(arguments[1]), let seconds = Int(arguments[2])
    else { return false }
    let recorder = Recorder(loop: "load", poll: "none")
    let sites = [
      recorder.site("accept(_:)", "Load/Server.swift", 10), recorder.site("query(page:)", "Load/Server.swift", 20),
      recorder.site("render(_:)", "Load/Server.swift", 30), recorder.site("finish(_:)", "Load/Server.swift", 40),
    ]
    let (start, end) = (now(), now() + Double(seconds) * 1e3)
    var done = 0
    while now() < end {
      recorder.pollEntered(timeout: nil)
      usleep(1_000)
      recorder.pollReturned(ready: 1)
      // What a late wake-up left undone is done now; a program that was stopped for long does not make up for it.
      let due = min(Int((now() - start) * Double(rate) / 1e3), done + rate / 10 + 1)
      for index in done..<max(done, due) {
        recorder.began(sites[index & 3], .io, .poll)
        recorder.ended()
      }
      done = max(done, due)
    }
    recorder.close()
    return true
  }

  /// Starts one as a process of its own; ends it by `kill`.
  static func start(rate: Int, seconds: Int, rings: String) -> pid_t? {
    let command = ["/proc/self/exe", "--load", "\(rate)", "\(seconds)"]
    let argv = command.map { strdup($0) } + [nil]
    let envp = [strdup("LOOPTOP_DIR=\(rings)"), strdup("LOOPTOP=on"), nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    guard posix_spawn(&pid, command[0], nil, nil, argv, envp) == 0 else { return nil }
    return pid
  }
}
