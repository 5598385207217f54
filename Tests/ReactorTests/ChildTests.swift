import Glibc
import Reactor
import ReactorTesting
import Testing
import Trace

@Suite("Child processes", .serialized)
struct ChildTests {
  private let log = Box<[String]>([])

  /// Runs `/bin/sh -c script` and returns what it wrote, and how it ended.
  private func shell(
    _ kind: LoopKind, _ script: String, environment: [String: String?] = [:], folder: String? = nil
  ) throws -> String {
    let loop = try LoopUnderTest(kind)
    let output = Box<[UInt8]>([])
    let left = Box(2)
    func done() {
      left.value -= 1
      if left.value == 0 { loop.reactor.stop() }
    }
    let child = try loop.reactor.spawn(
      "sh", ["-c", script], environment: environment, folder: folder, output: .pipe)
    child.output.onData { output.value += $0 }
    child.output.onClose { _ in done() }
    child.exit.addCallback { exit in
      log.add("\(exit)")
      done()
    }
    loop.run()
    return String(decoding: output.value, as: UTF8.self)
  }

  @Test("read and write pipes, end, and tell how", arguments: LoopKind.allCases)
  func pipes(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let child = try loop.reactor.spawn("sort", ["-n"], input: .pipe, output: .pipe, errors: .pipe)
    child.output.onData { log.add(String(decoding: $0, as: UTF8.self)) }
    child.errors.onData { log.add("errors: " + String(decoding: $0, as: UTF8.self)) }
    child.output.onClose { error in
      log.add("closed \(error == nil)")
      child.exit.addCallback { exit in
        log.add("\(exit == .status(0))")
        loop.reactor.stop()
      }
    }
    child.input.write("10\n9\n")
    child.input.write("100\n")
    child.input.endOutput()
    loop.run()
    #expect(log.value == ["9\n10\n100\n", "closed true", "true"])
  }

  @Test("end by a status or by a signal", arguments: LoopKind.allCases)
  func exits(kind: LoopKind) throws {
    #expect(try shell(kind, "echo out; exit 3") == "out\n")
    #expect(try shell(kind, "kill -KILL $$") == "")
    #expect(log.value == ["status 3", "signal 9 (Killed)"])
    let loop = try LoopUnderTest(kind)
    let child = try loop.reactor.spawn("sleep", ["60"])
    child.exit.addCallback { exit in
      log.add("\(exit)")
      // To nobody: not to whoever has its number by now.
      child.kill(SIGKILL)
      loop.reactor.stop()
    }
    child.kill()
    loop.run()
    #expect(log.value.last == "signal 15 (Terminated)")
  }

  @Test("that still run are killed, and waited for, when the reactor ends", arguments: LoopKind.allCases)
  func endOfReactor(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let child = try loop.reactor.spawn("sleep", ["1000"])
    child.exit.addBoth { _ in log.add("never") }
    #expect(kill(child.id, 0) == 0)
    loop.reactor.callSoon { loop.reactor.stop() }
    loop.run()
    #expect(kill(child.id, 0) == -1 && errno == ESRCH)
    child.kill()
    #expect(log.value == [])
  }

  @Test(
    "that are killed and cannot be waited for hold up nobody, and are waited for all the same",
    .timeLimit(.minutes(1)), arguments: LoopKind.allCases)
  func endOfReactorWithTracedChild(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let child = try loop.reactor.spawn("sleep", ["1000"])
    // A traced process is its tracer's until that lets go of it, dead or alive.
    let tracing = try VirtualReactor(recording: .off)
    let seize = """
      import ctypes, sys
      print(ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), None, None), flush=True)
      sys.stdin.read()
      """
    guard let tracer = try? tracing.reactor.spawn("python3", ["-c", seize, "\(child.id)"], input: .pipe, output: .pipe)
    else { return print("skipped: there is no python3 to trace a child with") }
    tracer.output.onData { log.add(String(decoding: $0, as: UTF8.self)) }
    tracer.output.onClose { _ in log.add("closed") }
    #expect(tracing.run { !log.value.isEmpty })
    if log.value[0].hasPrefix("-") { return print("skipped: a process may not trace another here: \(log.value)") }
    loop.reactor.callSoon { loop.reactor.stop() }
    loop.run()
    #expect(kill(child.id, 0) == 0)
    tracer.input.endOutput()
    #expect(tracing.run { log.value.last == "closed" })
    while kill(child.id, 0) == 0 { usleep(100) }
    tracing.end()
  }

  @Test("that cannot be started say what and where", arguments: LoopKind.allCases)
  func cannotStart(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    #expect(throws: ReactorError.failed(.spawn, at: "no-such-program", errno: ENOENT)) {
      try reactor.spawn("no-such-program", input: .pipe, output: .pipe)
    }
    #expect(throws: ReactorError.failed(.spawn, at: "/etc/passwd", errno: EACCES)) { try reactor.spawn("/etc/passwd") }
    #expect(throws: ReactorError.failed(.open, at: "/no/such/folder", errno: ENOENT)) {
      try reactor.spawn("true", folder: "/no/such/folder")
    }
    let failure = ReactorError.failed(.spawn, at: "no-such-program", errno: ENOENT)
    #expect(failure.description == "posix_spawn no-such-program: No such file or directory (errno 2)")
    #expect(!reactor.isWatching)
  }

  @Test("have the environment and the folder that they are given", arguments: LoopKind.allCases)
  func environment(kind: LoopKind) throws {
    setenv("LOOPTOP_TEST_KEPT", "kept", 1)
    setenv("LOOPTOP_TEST_GONE", "gone", 1)
    let script = "echo $LOOPTOP_TEST_KEPT,$LOOPTOP_TEST_GONE,$LOOPTOP_TEST_NEW; pwd"
    let changes: [String: String?] = ["LOOPTOP_TEST_GONE": nil, "LOOPTOP_TEST_NEW": "new one"]
    #expect(try shell(kind, script, environment: changes, folder: "/usr") == "kept,,new one\n/usr\n")
  }

  @Test("have their standard descriptors only, and signals as at the start of a program", arguments: LoopKind.allCases)
  func clean(kind: LoopKind) throws {
    // One that a careless library opened without O_CLOEXEC.
    let careless = dup(STDERR_FILENO)
    defer { close(careless) }
    var set = sigset_t()
    var before = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGUSR1)
    pthread_sigmask(SIG_BLOCK, &set, &before)
    let disposition = signal(SIGUSR2, SIG_IGN)
    defer {
      signal(SIGUSR2, disposition)
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    // 3 is the shell's own, to read the folder with.
    let descriptors = try shell(kind, "cd /proc/$$/fd && for f in *; do test -e $f && echo $f; done")
    #expect(descriptors.split(separator: "\n").prefix(3) == ["0", "1", "2"])
    #expect(!descriptors.split(separator: "\n").contains("\(careless)"))
    for mask in ["SigBlk", "SigIgn"] {
      let text = try shell(kind, "sed -n 's/\(mask):[[:space:]]*//p' /proc/self/status")
      let signals = try #require(UInt64(text.dropLast(), radix: 16))
      // 32 and 33 are the C library's own.
      #expect(signals & 0x7FFF_FFFF == 0)
    }
    // A socket could not be opened by these names.
    #expect(try shell(kind, "cat /dev/stdin; echo fine > /dev/stdout") == "fine\n")
  }

  @Test("that do not read any more make writing an error, not a signal", arguments: LoopKind.allCases)
  func brokenPipe(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let child = try loop.reactor.spawn("true", input: .pipe)
    let body = [UInt8](repeating: 0, count: 1 << 20)
    child.input.onClose { error in
      log.add("\(error.map(\.description) ?? "in good order")")
      loop.reactor.stop()
    }
    child.exit.addCallback { _ in child.input.write(body) }
    loop.run()
    #expect(log.value == ["send input of true: Broken pipe (errno 32)"])
    var pending = sigset_t()
    sigpending(&pending)
    #expect(sigismember(&pending, SIGPIPE) == 0)
  }

  @Test("carry large bodies both ways, no faster than they are read", arguments: LoopKind.allCases)
  func large(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let body = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 17) }
    let received = Box<[UInt8]>([])
    let first = try reactor.spawn("cat", input: .pipe, output: .pipe)
    let second = try reactor.spawn("cat", input: .pipe, output: .pipe)
    first.output.forward(to: second.input)
    second.output.onData { received.value += $0 }
    second.output.onClose { _ in reactor.stop() }
    first.input.write(body)
    first.input.endOutput()
    loop.run()
    #expect(received.value == body)
  }

  @Test("that keep their output open make its end come after the exit", arguments: LoopKind.allCases)
  func grandchild(kind: LoopKind) throws {
    #expect(try shell(kind, "(sleep 0.02; echo late) & echo early") == "early\nlate\n")
    #expect(log.value == ["status 0"])
  }

  @Test("many at a time, each with its own status", arguments: LoopKind.allCases)
  func many(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let ended = Box<[Child.Exit]>([])
    for status in 0..<40 {
      try loop.reactor.spawn("sh", ["-c", "exit \(status)"]).exit.addCallback { exit in
        ended.value.append(exit)
        if ended.value.count == 40 { loop.reactor.stop() }
      }
    }
    loop.run()
    #expect(Set(ended.value) == Set((0..<40).map { .status($0) }))
  }
}
