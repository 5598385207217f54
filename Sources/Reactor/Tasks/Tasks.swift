import Recorder
import Trace

extension Reactor {
  /// Starts an async function on this loop; the Deferred fires with what it returns or throws.
  ///
  /// `body` begins in the next ready phase and runs on the loop's thread whenever it runs, so it may use all that belongs to
  /// the loop, and needs no `Sendable`. Between two `await`s it is one callback, and blocks the loop like any other. Cancelling
  /// the Deferred cancels the task, and so whatever it awaits; the Deferred fires when `body` has come to its end. An error
  /// that nobody takes from the Deferred is an unhandled failure. A name begins a chain of that name, as `chain(_:)` does.
  ///
  /// ```swift
  /// reactor.task(name: "greeting") {
  ///   let name = try await reactor.inThread { "world" }.value
  ///   try await reactor.sleep(for: .milliseconds(10))
  ///   print("Hello, \(name)")
  /// }
  /// ```
  ///
  /// When the reactor ends, its tasks are cancelled and run on until they have ended, for a second at most. What is left
  /// then goes on on Swift's own threads, where it must not touch the reactor; its Deferred never fires.
  @discardableResult
  public func task<Value>(
    name: String? = nil, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () async throws -> Value
  ) -> Deferred<Value> {
    checkThread("task")
    let deferred = Deferred<Value>(
      self, .task, CallSite(function, file, line), recorder.site(function, file, line), descriptor: nil)
    if hasEnded {
      deferred.errback(ReactorError.ended)
      return deferred
    }
    deferred.flags.insert(.firesAfterCancel)
    let task = LiveTask(deferred, name, recorder.chain)
    let work = TaskWork(task, deferred, body)
    tasks.starting = task
    let handle = Task(name: name, executorPreference: executor) { await work.run() }
    task.cancel = { handle.cancel() }
    deferred.onCancel = { _ in handle.cancel() }
    if tasks.isEnding { handle.cancel() }
    return deferred
  }

  /// Suspends the calling task; the loop goes on. By the reactor's clock, from the beginning of this tick (`now`).
  ///
  /// Throws a `CancellationError` where the task is cancelled, and `ReactorError.ended` on a reactor that has ended.
  ///
  /// ```swift
  /// reactor.task {
  ///   for second in 1...3 {
  ///     try await reactor.sleep(for: .seconds(1))
  ///     print(second)
  ///   }
  /// }
  /// ```
  public nonisolated(nonsending) func sleep(
    for time: Nanoseconds, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    try await after(time, function: function, file: file, line: line).value
  }

  /// A Deferred that fires `delay` after the beginning of this tick (`now`). Cancelling it cancels its timer.
  ///
  /// ```swift
  /// reactor.after(.seconds(1)).addCallback { print("a second later") }
  /// ```
  public func after(
    _ delay: Nanoseconds, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    let deferred = Deferred<Void>(on: self, function: function, file: file, line: line)
    let timer = callLater(delay, function: function, file: file, line: line) { deferred.callback() }
    recorder.awaits(deferred.operation, on: timer.registration.operation)
    deferred.onCancel = { _ in timer.cancel() }
    return deferred
  }

  // MARK: Jobs

  /// A task or an actor can go on; called for by what runs on the loop now.
  func enqueue(_ job: Job) {
    let task = tasks.task(job.taskID)
    let callSite = task?.deferred.callSite ?? CallSite("job of an actor or a child task", #fileID, #line)
    let chain = task?.chain ?? recorder.chain
    let entry = enter(job, task, trigger, chain, at: recorder.moment())
    let registration = Registration(callSite, entry.site, chain, entry.operation)
    enqueue(ReadyCallback(work: .job(of: task, job), kind: .task, trigger: trigger, registration: registration))
  }

  /// A task or an actor can go on since `moment`, says another thread.
  func enter(_ job: Job, at moment: RingMoment) -> QueuedEntry {
    let task = tasks.task(job.taskID)
    return enter(job, task, .thread, task?.chain ?? .none, at: moment)
  }

  private func enter(
    _ job: Job, _ task: LiveTask?, _ trigger: Trigger, _ chain: RingChain, at moment: RingMoment
  ) -> QueuedEntry {
    let resumed = tasks.resumeSites.site(of: job, recorder)
    let site = resumed ?? task?.deferred.site ?? recorder.site("(async)", "", 0)
    let operation = recorder.queued(task?.deferred.operation ?? .none, site, .task, trigger, chain: chain, at: moment)
    return QueuedEntry(site: site, operation: operation)
  }

  /// Runs a job that another thread sent.
  @inline(never)
  func run(_ job: Job, _ entry: QueuedEntry) {
    let task = tasks.task(job.taskID)
    recorder.began(
      entry.site, .task, .thread, operation: entry.operation, chain: task?.chain ?? .none)
    run(job, of: task)
    recorder.ended()
  }

  /// Runs a job, inside the span that began for it.
  ///
  /// Not inlined into the loop, which would save registers for it on the way of every callback.
  @inline(never)
  func run(_ job: Job, of task: LiveTask?) {
    let outer = tasks.running
    tasks.running = task
    if recorder.isOn, let name = task?.name.take() { _ = recorder.nameChain(name) }
    executor.run(job)
    task?.chain = recorder.chain
    tasks.running = outer
  }

  // MARK: Ending

  private static let patience = Nanoseconds.seconds(1)

  /// Cancels the tasks and runs their jobs, and nothing else, until there are none; for a second at most.
  func endTasks() {
    for task in tasks.beginEnding() { task.cancel() }
    if tasks.isEmpty && !hasReady { return }
    let limit = LoopClock.monotonic.read() + Reactor.patience
    while true {
      takeMail()
      let ranJobs = runReadyJobs()
      let left = limit - LoopClock.monotonic.read()
      if left <= .zero || !ranJobs && tasks.isEmpty { return }
      if !ranJobs { remote.wait(left) }
    }
  }

  /// The reactor has ended: nobody fires what is left.
  func letGoOfTasks() {
    let left = tasks.end()
    for task in left.tasks { task.deferred.abandon() }
    for waiter in left.waiters { waiter.resume() }
  }
}

/// What a task does, and the Deferred that it fires.
///
/// Unchecked: the task that has it runs on the loop's thread, except after the loop's end, when it touches only itself.
private final class TaskWork<Value>: @unchecked Sendable {
  private let task: LiveTask
  private let deferred: Deferred<Value>
  private var body: (() async throws -> Value)?

  init(_ task: LiveTask, _ deferred: Deferred<Value>, _ body: @escaping () async throws -> Value) {
    self.task = task
    self.deferred = deferred
    self.body = body
  }

  func run() async {
    let result = await outcome()
    guard deferred.reactor.executor.isOnLoop else { return }
    let reactor = deferred.reactor
    reactor.tasks.remove(task)
    deferred.fire(result)
    reactor.shuttingDown?.proceed()
  }

  /// Lets go of the body before the Deferred fires.
  private func outcome() async -> Result<Value, any Error> {
    do {
      return .success(try await body.take()!())
    } catch {
      return .failure(error)
    }
  }
}
