import Reactor
import Recorder
import Trace

/// A reactor whose clock stands until it is told to move: for tests of everything that has time in it.
///
/// Timers, the ready queue and Deferreds need nothing but this; real sockets and threads work too, at a standing clock. Its traces
/// have virtual times and are the same every time. For the thread that made it, and not within a callback.
///
/// ```swift
/// let virtual = try VirtualReactor()
/// var count = 0
/// virtual.reactor.callEvery(.seconds(1)) { count += 1 }
/// virtual.advance(by: .seconds(3_600))
/// assert(count == 3_600)
/// ```
public final class VirtualReactor {
  /// What the program under test is given.
  public let reactor: Reactor
  private let clock: ManualClock

  /// More ticks than this without the clock moving are taken for work that breeds work without end.
  private static let tickLimit = 1_000_000

  /// A virtual loop whose clock stands at `start`.
  ///
  /// Throws `ReactorError` where the kernel has no descriptors left.
  public init(
    name: String = "main", threads: Int = 4, queue: Int = 10_000, start: Instant = Instant(1_000_000_000),
    recording: Recorder.Options = Reactor.recording
  ) throws(ReactorError) {
    clock = ManualClock(start)
    reactor = try Reactor(name: name, threads: threads, queue: queue, recording: recording, clock: .manual(clock))
  }

  deinit { reactor.end() }

  /// Where the clock stands.
  public var now: Instant { clock.now }

  /// Moves the clock on by `time` (not below zero), runs what comes due on the way, and everything that that leads to.
  ///
  /// The clock stands at each timer's due moment while the timer runs. Returns early once the reactor was stopped.
  public func advance(by time: Nanoseconds) {
    reactor.checkBetweenTicks("advance")
    let target = clock.now.later(by: time)
    settle()
    while !reactor.isStopped, let due = reactor.nextDue, due <= target {
      clock.now = max(due, clock.now)
      settle()
    }
    if !reactor.isStopped { clock.now = target }
  }

  /// Runs what is ready, and what that makes ready, until nothing is; the clock stands.
  public func settle() {
    reactor.checkBetweenTicks("settle")
    for _ in 0..<VirtualReactor.tickLimit {
      if reactor.isStopped { return }
      let ranSomething = reactor.tick(atMost: .zero)
      // What ran may have written to a socket of this same process.
      if !reactor.hasReady && !(ranSomething && reactor.isWatching) { return }
    }
    fatalError("reactor \(reactor.name) is still busy after \(VirtualReactor.tickLimit) ticks at one moment")
  }

  /// Waits, in real time, for sockets and threads until `condition` holds; the clock stands.
  ///
  /// Returns whether it came to hold within `patience`.
  ///
  /// ```swift
  /// let virtual = try VirtualReactor()
  /// var answer: Int?
  /// virtual.reactor.inThread { 42 }.addCallback { answer = $0 }
  /// assert(virtual.run(until: { answer != nil }))
  /// ```
  public func run(until condition: () -> Bool, patience: Nanoseconds = .seconds(30)) -> Bool {
    reactor.checkBetweenTicks("run(until:)")
    let limit = LoopClock.monotonic.read() + patience
    while !condition() {
      let left = limit - LoopClock.monotonic.read()
      if left <= .zero || reactor.isStopped { return false }
      reactor.tick(atMost: left)
    }
    return true
  }

  /// Ends the reactor as `run` does after `stop`: what is pending is cancelled, and the recording closed.
  public func end() {
    reactor.end()
  }
}
