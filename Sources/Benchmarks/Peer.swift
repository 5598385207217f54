import CLinux
import Glibc

/// Another tracer or event loop at work: a program that answers each line with a line, under whatever its tracer needs.
///
/// See `Scripts/peers`: a count is answered with nanoseconds a pair or a callback. From a tracer, after a count of 0, comes what became of the trace, and
/// then each line is answered with the nanoseconds that reading it back takes.
struct Peer: ~Copyable {
  let name: String
  private let pid: pid_t
  private let input: Int32
  private let output: UnsafeMutablePointer<FILE>

  /// Starts it; `nil` and a line that says why where that cannot be.
  init?(_ name: String, _ command: [String]) {
    guard command.allSatisfy({ !$0.contains("/") || access($0, F_OK) == 0 }) else {
      complain("\(name) is left out: it could not be built")
      return nil
    }
    guard let child = spawn(command), let output = fdopen(child.output, "r") else {
      complain("\(name) is left out: it cannot be started")
      return nil
    }
    self.name = name
    (pid, input) = (child.pid, child.input)
    self.output = output
  }

  deinit {
    close(input)
    fclose(output)
    waitpid(pid, nil, 0)
  }

  /// Has its first thread run on one CPU alone.
  borrowing func pin(to cpu: Int32) {
    if ll_pin(pid, cpu) != 0 { complain("\(name) cannot be kept on CPU \(cpu)") }
  }

  /// How long a pair takes, in nanoseconds, over `count` of them; `nil` once it has failed.
  borrowing func run(_ count: Int) -> Double? { ask("\(count)").flatMap { Double($0) } }

  /// Ends the program: how many events its trace has, and in how many bytes.
  borrowing func finish() -> (events: Double, bytes: Double)? {
    let answer = numbers("0")
    return answer.count == 2 && answer[0] > 0 ? (answer[0], answer[1]) : nil
  }

  /// Where a server listens, the nanoseconds of CPU time that its loop's thread has taken and its bytes of memory.
  borrowing func state() -> (port: Int, time: Double, memory: Double)? {
    let answer = numbers("")
    return answer.count == 3 ? (Int(answer[0]), answer[1], answer[2]) : nil
  }

  /// Reads its trace back: how long that takes, in nanoseconds.
  borrowing func readBack() -> Double? { ask("").flatMap { Double($0) } }

  private borrowing func numbers(_ question: String) -> [Double] {
    ask(question)?.split(separator: " ").compactMap { Double($0) } ?? []
  }

  private borrowing func ask(_ question: String) -> String? {
    let line = question + "\n"
    guard write(input, line, line.utf8.count) == line.utf8.count else { return nil }
    var buffer = [CChar](repeating: 0, count: 4096)
    guard fgets(&buffer, Int32(buffer.count), output) != nil else { return nil }
    let answer = String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard answer.hasPrefix("failed: ") else { return answer }
    complain("\(name) is left out: \(answer.dropFirst(8))")
    return nil
  }
}

/// Says on standard error why something is not measured.
func complain(_ sentence: String) {
  let line = "bench: \(sentence)\n"
  _ = write(STDERR_FILENO, line, line.utf8.count)
}

/// Starts a program whose input and output are pipes.
private func spawn(_ command: [String]) -> (pid: pid_t, input: Int32, output: Int32)? {
  signal(SIGPIPE, SIG_IGN)
  var toChild: [Int32] = [0, 0]
  var fromChild: [Int32] = [0, 0]
  guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { return nil }
  // Not for the next child too: this one would not see the end of its input then.
  for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
  posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
  let arguments = command.map { strdup($0) } + [nil]
  defer { arguments.forEach { free($0) } }
  var pid: pid_t = 0
  let failed = posix_spawnp(&pid, command[0], &actions, nil, arguments, environ)
  close(toChild[0])
  close(fromChild[1])
  return failed == 0 ? (pid, toChild[1], fromChild[0]) : nil
}
