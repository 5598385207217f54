import CLinux
import Glibc
import Recorder

/// Runs the jobs of async functions and actors on a reactor's thread, each as one callback of its ready queue.
///
/// `Reactor.task` uses it; an actor whose methods are to run on the loop names it as its own, and may then use what belongs
/// to the loop. Plain callbacks of the loop enter such an actor with `assumeIsolated`. It outlives the reactor: jobs that
/// come after the reactor's end run one after the other on Swift's own threads, so that tasks and actors can finish.
///
/// ```swift
/// actor Cache {
///   let executor: ReactorExecutor
///   nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
///   private var pages: [String: String] = [:]
///
///   init(_ executor: ReactorExecutor) { self.executor = executor }
///   func store(_ text: String, under page: String) { pages[page] = text }
/// }
/// let cache = Cache(reactor.executor)
/// reactor.task { await cache.store("Hello", under: "/") }
/// ```
public final class ReactorExecutor: TaskExecutor {
  let remote: Remote
  private let thread = ll_thread()
  /// Only for the loop's thread; `nil` once it has ended.
  private nonisolated(unsafe) unowned(unsafe) var reactor: Reactor?
  private let actors = ActorExecutor(.actor)
  private let mainActor = ActorExecutor(.mainActor)
  private let late = Monitor(Late())

  /// Jobs that came after the end.
  private struct Late {
    var jobs: [Job] = []
    var isAtWork = false
  }

  init(_ remote: Remote) {
    self.remote = remote
    actors.executor = self
    mainActor.executor = self
  }

  func open(_ reactor: Reactor) { self.reactor = reactor }

  /// The loop has ended; `jobs` are those that it did not get to.
  func close(_ jobs: [Job]) {
    reactor = nil
    for job in jobs { runLate(job) }
  }

  fileprivate var isOnThread: Bool { ll_thread() == thread }
  /// Whether the caller runs on the loop, which has not ended.
  var isOnLoop: Bool { isOnThread && reactor != nil }

  /// For Swift's runtime: a task is ready to go on. From any thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    enqueue(Job(UnownedJob(job), .task))
  }

  /// What an actor that is to run on the loop has for its `unownedExecutor`. The actor must keep this executor alive.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { actors.asUnownedSerialExecutor() }

  func enqueue(_ job: Job) {
    if isOnThread, let reactor { return reactor.enqueue(job) }
    if !remote.post(.job(job)) { runLate(job) }
  }

  /// What the main actor has for its executor while the loop runs on the main thread.
  var ofMainActor: UnownedSerialExecutor { mainActor.asUnownedSerialExecutor() }

  /// Runs a job up to where it suspends.
  func run(_ job: Job) {
    switch job.kind {
    case .task: job.unowned.runSynchronously(on: asUnownedTaskExecutor())
    case .actor:
      job.unowned.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    case .mainActor: job.unowned.runSynchronously(isolatedTo: ofMainActor, taskExecutor: asUnownedTaskExecutor())
    }
  }

  // MARK: After the end

  /// Runs a job that the loop did not get to, after those before it: an actor's jobs must never run at the same time.
  private func runLate(_ job: Job) {
    if job.kind == .mainActor { return job.enqueueOnMainActor() }
    let starts = late.withLock { late in
      late.jobs.append(job)
      defer { late.isAtWork = true }
      return !late.isAtWork
    }
    if starts { Task.detached { while let job = self.nextLate() { self.run(job) } } }
  }

  private func nextLate() -> Job? {
    late.withLock { late in
      late.isAtWork = !late.jobs.isEmpty
      return late.isAtWork ? late.jobs.removeFirst() : nil
    }
  }
}

/// The side of a reactor's executor that actors see.
///
/// An object of its own, so that a job says whether it belongs to an actor: one that does not, and is run as though it did,
/// is queued anew at each call of an async function, to get off the actor.
private final class ActorExecutor: SerialExecutor {
  private let kind: Job.Kind
  /// Set once, by its owner's initialiser.
  nonisolated(unsafe) unowned(unsafe) var executor: ReactorExecutor!

  init(_ kind: Job.Kind) {
    self.kind = kind
  }

  func enqueue(_ job: consuming ExecutorJob) {
    executor.enqueue(Job(UnownedJob(job), kind))
  }

  /// Makes `assumeIsolated` hold in plain callbacks of the loop, too.
  func checkIsolated() {
    if !executor.isOnThread { misuse("an actor of a reactor was used off the reactor's thread") }
  }
}
