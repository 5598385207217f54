import CLinux
import Glibc
import Recorder
import Trace

/// An event loop: one thread that waits for the kernel and runs callbacks in turn.
///
/// It belongs to the thread that made it; only `remote` may be used from others. One pass is one tick:
///
/// 1. the poll: the kernel's wait, until a descriptor is ready, a timer is due or another thread calls;
/// 2. I/O callbacks, in the kernel's order: first, because their data is the freshest news, and what they call for
///    (timers cancelled, entries queued) should count in this tick;
/// 3. timers that are due, soonest first;
/// 4. what other threads had sent when the poll returned, calls and results, in the order of its sending; then the ready
///    queue as it stands then: what was called for soon. What is sent or queued meanwhile, and every timer set in this
///    tick, waits for the next one, so that work that breeds work can starve neither I/O nor timers.
///
/// What is registered keeps the reactor alive until it has run and ended. A callback may throw: that is an
/// `UnhandledFailure`, and the loop goes on.
///
/// ```swift
/// let listener = try reactor.listen(host: "127.0.0.1", port: 0) { connection in
///   connection.onBytes { connection.write($0) }
/// }
/// try reactor.onSignal(SIGINT) { reactor.shutDown(within: .seconds(10)) }
/// print("echo on port", listener.port)
/// reactor.run()
/// ```
public final class Reactor {
  /// Its name in traces.
  public let name: String
  // Unchecked here and below: one thread runs all of it and nothing is passed inout across a callback.
  /// Hears of every failure that nobody handled, on the loop's thread; at first it writes a line to stderr.
  ///
  /// ```swift
  /// reactor.onUnhandledFailure = { failure in
  ///   failure.print()
  ///   reactor.shutDown(within: .seconds(1))
  /// }
  /// ```
  @exclusivity(unchecked) public var onUnhandledFailure: (UnhandledFailure) -> Void = { $0.print() }
  /// Hears of every Deferred that was let go of unfired although steps waited for it, by where it was made: those steps never
  /// run. At first it writes a line to stderr.
  @exclusivity(unchecked) public var onDroppedDeferred: (CallSite) -> Void = {
    printError("dropped unfired: the Deferred made in \($0)")
  }
  /// A handle for other threads.
  public let remote: Remote
  /// Runs async functions and actors on this loop.
  public let executor: ReactorExecutor

  private enum State {
    case idle, running, ended
  }
  @exclusivity(unchecked) private var state = State.idle
  @exclusivity(unchecked) private var isStopping = false
  private let clock: LoopClock
  let poller: EpollPoller
  @exclusivity(unchecked) private var ready = ReadyQueue()
  @exclusivity(unchecked) private var tickTime: Instant?
  @exclusivity(unchecked) var mail = TakenMail()

  // What each message touches stands together: in a system call the kernel fills the cache with its own.
  private let thread = ll_thread()
  @exclusivity(unchecked) private(set) var recorder: Recorder
  /// What is received goes here first; all connections share it.
  let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
  @exclusivity(unchecked) var descriptors = DescriptorTable()
  /// The watcher that is being told what the poll reported.
  @exclusivity(unchecked) var told: UnsafeMutableRawPointer?
  /// The same, where it was taken out of the table meanwhile.
  @exclusivity(unchecked) var left: AnyObject?
  /// Whether a callback's end was the last thing that was done; never where time may be told to move meanwhile.
  @exclusivity(unchecked) var isAfterCallback = false
  /// Whether callbacks run now: what is called for then was called for by one of them.
  @exclusivity(unchecked) private(set) var isInTick = false

  /// Steps of Deferreds that went away unfired.
  let releasing = Releasing()
  @exclusivity(unchecked) var timers = TimerQueue()
  let pool: PoolCalls
  /// Looks names up; threads of its own, so that the program's calls cannot starve it.
  let resolver: PoolCalls
  /// Connections to be, while their hosts' names are looked up.
  var lookingUp: [ObjectIdentifier: AnyDeferred] = [:]
  var lingering = LingeringSockets()
  var shutDownHooks: [ShuttingDown.Hook] = []
  /// Under way since `shutDown`.
  var shuttingDown: ShuttingDown?
  @exclusivity(unchecked) var tasks = LiveTasks()

  /// A loop on the calling thread, with a pool of `threads` threads (at least one; started as they are needed), for
  /// which at most `queue` calls may wait.
  ///
  /// Throws `ReactorError` where the kernel has no descriptors left.
  public convenience init(
    name: String = "main", threads: Int = 4, queue: Int = 10_000, recording: Recorder.Options = Reactor.recording
  ) throws(ReactorError) {
    try self.init(name: name, threads: threads, queue: queue, recording: recording, clock: .monotonic)
  }

  /// How a reactor records unless told otherwise: as `LOOPTOP` and `LOOPTOP_DIR` say.
  public static var recording: Recorder.Options { Recorder.Options(runtime: "looptop-reactor 1") }

  /// A loop that has its time from `clock`.
  package init(
    name: String, threads: Int, queue: Int, recording: Recorder.Options, clock: LoopClock
  ) throws(ReactorError) {
    if threads < 1 || queue < 0 { misuse("a pool of \(threads) threads, with a queue of \(queue)") }
    let poller = try EpollPoller()
    var options = recording
    var pollName = poller.name
    if case .manual(let manual) = clock {
      options.clock = .manual(manual.cell)
      pollName = "virtual"
    }
    self.name = name
    self.clock = clock
    self.poller = poller
    remote = try Remote()
    executor = ReactorExecutor(remote)
    pool = PoolCalls(ThreadPool(size: threads, name: "\(name)-pool", remote), limit: queue)
    resolver = PoolCalls(ThreadPool(size: Resolver.threads, name: "\(name)-names", remote), limit: Resolver.queue)
    recorder = Recorder(loop: name, poll: pollName, options: options)
    remote.open(recorder)
    executor.open(self)
    try watch(remote, remote.descriptor, [.read, .edge])
  }

  deinit {
    end()
    receiveBuffer.deallocate()
  }

  // MARK: Running

  /// Runs the loop until it is stopped, then ends it: what is still pending is cancelled and never called.
  ///
  /// Once only, and not on a reactor whose clock is virtual. On the program's main thread it also runs the main actor's
  /// jobs, as callbacks of this loop; call it from a synchronous `main`.
  public func run() {
    checkThread("run")
    if case .manual = clock { misuse("run on a reactor with a virtual clock: tell its VirtualReactor to advance") }
    if state != .idle { misuse("run on reactor \(name), which is \(state)") }
    state = .running
    MainActorJobs.take(by: executor)
    while !isStopping { tick(atMost: nil) }
    end()
  }

  /// Ends `run` after this tick.
  public func stop() {
    checkThread("stop")
    isStopping = true
  }

  /// Whether `stop` was called.
  package var isStopped: Bool { isStopping }
  /// Whether it will never call anybody back any more; what is registered now is let go of at once.
  var hasEnded: Bool { state == .ended }

  /// When this tick began: read once a tick, when it is first asked for; between ticks, and before `run`, the time.
  public var now: Instant {
    if let tickTime { return tickTime }
    let now = clock.read()
    if isInTick { tickTime = now }
    return now
  }

  /// One pass. Waits no longer than `limit`, and not at all while something is ready; returns whether anything was run.
  @discardableResult @inline(__always)
  package func tick(atMost limit: Nanoseconds?) -> Bool {
    var timeout = ready.isEmpty ? timeout(atMost: limit) : .zero
    if timeout != .zero, !remote.willWait() { timeout = .zero }
    recorder.pollEntered(timeout: timeout, afterCallback: isAfterCallback)
    let reported = poller.wait(timeout)
    recorder.pollReturned(ready: reported.count)
    isInTick = true
    isAfterCallback = false
    if remote.hasMail { takeMail() }
    for readiness in reported { tell(readiness) }
    let ranTimers = !timers.isEmpty && runTimers()
    let ranReady = (!ready.isEmpty || mail.count > 0) && runReady()
    isInTick = false
    tickTime = nil
    if ranTimers || ranReady { isAfterCallback = true }
    if case .manual = clock { isAfterCallback = false }
    return !reported.isEmpty || ranTimers || ranReady
  }

  /// Until the next timer; by a fresh reading, because the tick's is as old as the tick is long.
  private func timeout(atMost limit: Nanoseconds?) -> Nanoseconds? {
    guard limit != .zero, case .monotonic = clock, let due = timers.nextDue else { return limit }
    let wait = max(.zero, due - clock.read())
    return limit.map { min($0, wait) } ?? wait
  }

  /// Cancels what is pending, closes every descriptor and the recording. Nobody is called back any more.
  ///
  /// First the tasks are cancelled and given the time to end; see `task(name:_:)`.
  package func end() {
    if hasEnded { return }
    endTasks()
    state = .ended
    MainActorJobs.giveBack(by: executor)
    executor.close(takeJobs())
    letGoOfTasks()
    pool.end()
    resolver.end()
    for connecting in lookingUp.values { connecting.abandon() }
    lookingUp = [:]
    for descriptor in descriptors.numbers {
      // One by one: what one lets go of may close another one.
      guard let watched = descriptors.remove(descriptor) else { continue }
      watched.watcher.reactorEnded()
      letGo(of: watched)
    }
    while let timer = timers.popAny() { letGo(of: timer) }
    ready.removeAll()
    shutDownHooks = []
    shuttingDown = nil
    recorder.close()
    recorder = .off
  }

  // MARK: What a virtual clock's owner asks

  /// Ends the program where a callback has the loop run on: what it itself stands on could be let go of.
  package func checkBetweenTicks(_ call: StaticString) {
    if isInTick { misuse("\(call) of a VirtualReactor within a callback of its reactor \(name)") }
  }

  /// Whether anything but other threads can be heard from the kernel.
  package var isWatching: Bool { descriptors.count > 1 }
  /// Whether the next tick has something to run at once.
  package var hasReady: Bool { !ready.isEmpty || remote.hasMail }
  /// When the next timer is due.
  package var nextDue: Instant? { timers.nextDue }

  // MARK: The ready queue

  /// Runs `work` in the next tick's ready phase (in this one's, where that has not begun), in the order of the calls.
  ///
  /// What it throws is an unhandled failure.
  ///
  /// ```swift
  /// reactor.callSoon { print("second") }
  /// print("first")
  /// ```
  public func callSoon(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: consuming @escaping () throws -> Void
  ) {
    checkThread("callSoon")
    let site = recorder.site(function, file, line)
    let operation = recorder.queued(site, .ready, trigger)
    enqueue(.ready, trigger, Registration(CallSite(function, file, line), site, recorder.chain, operation), work)
  }

  /// Puts into the ready queue what the recorder was told of already.
  func enqueue(
    _ kind: CallbackKind, _ trigger: Trigger, _ registration: Registration,
    _ work: consuming @escaping () throws -> Void
  ) {
    enqueue(ReadyCallback(work: .here(work), kind: kind, trigger: trigger, registration: registration))
  }

  func enqueue(_ callback: consuming ReadyCallback) {
    if hasEnded { return }
    ready.append(callback)
  }

  /// What makes ready what is called for now.
  var trigger: Trigger { isInTick ? .callback : .start }

  private func runReady() -> Bool {
    recorder.readyQueue(ready.begin() + mail.count)
    if mail.count > 0 { while runNextMail() {} }
    while let callback = ready.next() { run(callback) }
    recorder.readyQueue(ready.count)
    return true
  }

  @inline(__always)
  private func run(_ callback: consuming ReadyCallback) {
    let registration = callback.registration
    recorder.began(
      registration.site, callback.kind, callback.trigger, operation: registration.operation, chain: registration.chain)
    do {
      try callback.work.run(self)
      recorder.ended()
    } catch {
      failed(error, registration)
    }
  }

  /// Runs the jobs among the mail that was taken and in the ready queue as it stands now, and nothing else: what else was in
  /// the mail is let go of. Returns whether there were any.
  func runReadyJobs() -> Bool {
    var jobs = ready.takeJobs()
    isInTick = true
    let ranAny = runMailedJobs() || !jobs.isEmpty
    jobs.takeAll { run($0) }
    isInTick = false
    tickTime = nil
    return ranAny
  }

  /// The jobs that nobody will run here any more; what else is in the mail is let go of.
  private func takeJobs() -> [Job] {
    var jobs: [Job] = []
    while let item = mail.next() { if let job = item.content.job { jobs.append(job) } }
    var ready = ready.takeJobs()
    ready.takeAll { if let job = $0.work.job { jobs.append(job) } }
    var left = remote.close()
    left.takeAll { if let job = $0.content.job { jobs.append(job) } }
    return jobs
  }

  // MARK: Callbacks

  /// Runs a callback whose span has just begun, and ends the span.
  ///
  /// What `body` takes out of a node is let go of when it returns: a closure's destruction belongs to its span.
  @inline(__always)
  func run(_ registration: Registration, _ body: () throws -> Void) {
    do {
      try body()
      if recorder.isOn { recorder.ended() }
    } catch {
      failed(error, registration)
    }
  }

  /// Ends the span of a callback that threw.
  @inline(never)
  func failed(_ error: any Error, _ registration: Registration) {
    report(error, registration)
    recorder.ended(threw: true)
  }

  /// Tells the trace and the program of a failure that nobody handled.
  func report(_ error: any Error, _ registration: Registration, origin: CallSite? = nil) {
    let failure = UnhandledFailure(error: error, site: registration.callSite, origin: origin)
    // A callback's site is that of its operation, which the trace has.
    if recorder.isOn { recorder.unhandled(registration.operation, message: origin == nil ? "\(error)" : "\(failure)") }
    onUnhandledFailure(failure)
  }

  // MARK: Threads

  @inline(__always)
  var isOnThread: Bool { ll_thread() == thread }

  @inline(__always)
  func checkThread(_ call: StaticString) {
    if !isOnThread { wrongThread(call) }
  }

  @inline(never)
  private func wrongThread(_ call: StaticString) -> Never {
    misuse("\(call) on reactor \(name) (\(state)) from a thread other than its own: use its `remote`")
  }
}
