import Glibc
import Reactor
import Testing

@Suite("Signals", .serialized)
struct SignalTests {
  private let log = Box<[String]>([])

  // To the calling thread only: the test runner's others would take one for the process.
  private func send(_ signal: Int32) { raise(signal) }

  /// The runner's threads block all signals.
  private func unblocked(_ body: () throws -> Void) throws {
    var set = sigset_t()
    var before = sigset_t()
    sigemptyset(&set)
    for signal in [SIGUSR1, SIGUSR2] { sigaddset(&set, signal) }
    pthread_sigmask(SIG_UNBLOCK, &set, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  private func isBlocked(_ signal: Int32) -> Bool {
    var set = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &set)
    return sigismember(&set, signal) == 1
  }

  @Test("call their handlers on the loop, again and again", arguments: LoopKind.allCases)
  func delivered(kind: LoopKind) throws {
    try unblocked {
      let loop = try LoopUnderTest(kind)
      let reactor = loop.reactor
      try reactor.onSignal(SIGUSR1) {
        log.add("usr1")
        if log.value.count == 1 { send(SIGUSR2) } else { reactor.stop() }
      }
      try reactor.onSignal(SIGUSR2) {
        log.add("usr2")
        send(SIGUSR1)
        throw Oops.first
      }
      send(SIGUSR1)
      loop.run()
      #expect(log.value == ["usr1", "usr2", "usr1"])
      #expect(loop.failures.value == ["first"])
      #expect(!isBlocked(SIGUSR1) && !isBlocked(SIGUSR2))
    }
  }

  @Test("have one handler in the process", arguments: LoopKind.allCases)
  func taken(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let other = try LoopUnderTest(kind)
    let handler = try loop.reactor.onSignal(SIGUSR1) {}
    #expect(throws: ReactorError.signalTaken(SIGUSR1)) { try loop.reactor.onSignal(SIGUSR1) {} }
    #expect(throws: ReactorError.signalTaken(SIGUSR1)) { try other.reactor.onSignal(SIGUSR1) {} }
    #expect(
      ReactorError.signalTaken(SIGUSR1).description == "signal 10 (User defined signal 1) has a handler already")
    handler.cancel()
    handler.cancel()
    try other.reactor.onSignal(SIGUSR1) {}
    other.run(for: .zero)
    try loop.reactor.onSignal(SIGUSR1) {}
  }

  @Test("come to nobody once their handler was cancelled", arguments: LoopKind.allCases)
  func cancelled(kind: LoopKind) throws {
    try unblocked {
      let loop = try LoopUnderTest(kind)
      let handler = try loop.reactor.onSignal(SIGUSR1) { log.add("called") }
      #expect(isBlocked(SIGUSR1))
      // Would end the program if it were left pending.
      send(SIGUSR1)
      handler.cancel()
      #expect(!isBlocked(SIGUSR1))
      loop.run(for: .milliseconds(1))
      #expect(log.value == [])
    }
  }

  @Test("that cannot be waited for are misuse")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      let loop = try LoopUnderTest(.virtual)
      try loop.reactor.onSignal(SIGKILL) {}
    }
  }
}
