import CLinux
import Glibc
import Recorder
import Trace

/// A child process of a reactor.
///
/// The reactor waits for its end, whether or not anybody holds this. It does not outlive the reactor: `Reactor.shutDown` asks it
/// to end (SIGTERM), and one that still runs when the reactor ends is killed, for nobody else could wait for it. For the
/// reactor's own thread.
///
/// ```swift
/// let sort = try reactor.spawn("sort", ["-n"], input: .pipe, output: .pipe)
/// sort.output.onData { print(String(decoding: $0, as: UTF8.self)) }
/// sort.input.write("10\n9\n")
/// sort.input.endOutput()
/// sort.exit.addCallback { print("sort:", $0) }
/// ```
public final class Child {
  /// Where one of its three standard streams leads.
  ///
  /// ```swift
  /// let list = try reactor.spawn("ls", input: .null, output: .pipe, errors: .inherited)
  /// list.output.onData { print($0.count, "bytes") }
  /// ```
  public enum Stream: Sendable {
    /// To the same as this process' own.
    case inherited
    /// To nothing: `/dev/null`.
    case null
    /// To this process: `input`, `output` or `errors`.
    case pipe
  }

  /// How a process ended.
  ///
  /// ```swift
  /// try reactor.spawn("make").exit.addCallback { exit in
  ///   switch exit {
  ///   case .status(0): print("made")
  ///   case .status(let status): print("failed with \(status)")
  ///   case .signal(let signal): print("ended by signal \(signal)")
  ///   }
  /// }
  /// ```
  public enum Exit: Hashable, Sendable {
    /// By itself, with a status from 0 to 255; 0 is success.
    case status(Int32)
    /// By a signal.
    case signal(Int32)
  }

  /// Its process id; of use until its end.
  public let id: pid_t
  /// Fires when it ends. What it wrote last may still be to come then: its end is told by the pipe's `onClose`.
  ///
  /// Cancelling does not end the process.
  public let exit: Deferred<Exit>
  private let pipes: [Connection?]
  private let chain: RingChain
  /// A pidfd, -1 once it ended.
  private var descriptor: Int32

  fileprivate init(
    _ reactor: Reactor, _ id: pid_t, _ descriptor: Int32, _ pipes: [Connection?], _ exit: Deferred<Exit>
  ) {
    self.id = id
    self.descriptor = descriptor
    self.pipes = pipes
    self.exit = exit
    chain = reactor.recorder.chain
  }

  /// Writes to its standard input, which must have been asked to be a `.pipe`; `endOutput` is its end of file.
  public var input: Connection { pipe(0, "input") }
  /// Reads its standard output, which must have been asked to be a `.pipe`. A child whose output nobody reads is held back.
  public var output: Connection { pipe(1, "output") }
  /// Reads its standard error, which must have been asked to be a `.pipe`.
  public var errors: Connection { pipe(2, "errors") }

  private func pipe(_ number: Int, _ name: StaticString) -> Connection {
    guard let pipe = pipes[number] else { misuse("the \(name) of child \(id), which is not a pipe") }
    return pipe
  }

  /// Sends it a signal; does nothing once it has ended, whoever has its process id then.
  public func kill(_ signal: Int32 = SIGTERM) {
    exit.reactor.checkThread("Child.kill")
    if descriptor >= 0 { _ = ll_pidfd_signal(descriptor, signal) }
  }
}

extension Child: Watcher {
  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool {
    var hasExited = false
    var status: Int32 = 0
    let reaped = ll_reap(descriptor, &hasExited, &status)
    if reaped == 0 { return false }
    let failure = ReactorError.last(.wait)
    reactor.unwatch(descriptor)
    release(reactor)
    let registration = Registration(exit.callSite, exit.site, chain, exit.operation)
    reactor.recorder.began(
      registration.site, .child, .poll, operation: registration.operation, chain: registration.chain)
    reactor.run(registration) {
      // Fails where the program ignores SIGCHLD, or waits for all its children by itself.
      if reaped < 0 { exit.errback(failure) } else { exit.callback(hasExited ? .status(status) : .signal(status)) }
    }
    reactor.shuttingDown?.ended(self)
    return false
  }

  func reactorEnded() {
    giveUp()
    exit.abandon()
  }

  /// Nobody could hear of its end.
  fileprivate func giveUp() {
    _ = ll_pidfd_signal(descriptor, SIGKILL)
    Reaping.wait(for: id, descriptor)
    release(exit.reactor)
  }

  private func release(_ reactor: Reactor) {
    close(descriptor)
    reactor.recorder.unwatched(descriptor)
    descriptor = -1
  }
}

extension Child.Exit: CustomStringConvertible {
  /// `status 1`, `signal 15 (Terminated)`.
  public var description: String {
    switch self {
    case .status(let status): "status \(status)"
    case .signal(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
    }
  }
}

extension Reactor {
  /// Starts a program in a process of its own, and returns when it executes.
  ///
  /// A `program` without a slash is looked for in `PATH`. The child has default signal dispositions, no signal blocked, and
  /// no descriptor but its standard ones. This thread stands still for as long as it takes to start it (fork and exec:
  /// about a millisecond).
  ///
  /// - Parameters:
  ///   - environment: set on top of this process' own; `nil` takes a variable out.
  ///   - folder: where it works; a relative `program` is looked for from there. `nil` for here.
  ///
  /// Throws `ReactorError`: the folder cannot be opened, the program not executed (`failed(.spawn, …)` with the errno of its
  /// exec), or no process or descriptor is left.
  ///
  /// ```swift
  /// let child = try reactor.spawn("/bin/sh", ["-c", "echo $GREETING"], environment: ["GREETING": "hello"])
  /// child.exit.addCallback { print($0 == .status(0) ? "fine" : "it failed: \($0)") }
  /// reactor.callLater(.seconds(5)) { child.kill() }
  /// ```
  public func spawn(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], folder: String? = nil,
    input: Child.Stream = .null, output: Child.Stream = .inherited, errors: Child.Stream = .inherited,
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) throws(ReactorError) -> Child {
    checkThread("spawn")
    if hasEnded { throw .ended }
    let name = program.split(separator: "/").last.map(String.init) ?? program
    let streams = [
      try ChildStream(input, isInput: true, "input of \(name)"),
      try ChildStream(output, isInput: false, "output of \(name)"),
      try ChildStream(errors, isInput: false, "errors of \(name)"),
    ]
    let started = try Spawning(program, arguments, environment, folder).start(streams.map(\.childEnd.descriptor))
    let site = recorder.site(function, file, line)
    let exit = Deferred<Child.Exit>(
      self, .child, CallSite(function, file, line), site, descriptor: started.descriptor)
    let child = Child(self, started.id, started.descriptor, streams.map { $0.connection(self) }, exit)
    do {
      try watch(child, started.descriptor, .read)
    } catch {
      child.giveUp()
      throw error
    }
    if recorder.isOn { recorder.watched(started.descriptor, "child \(started.id): \(name)") }
    return child
  }
}
