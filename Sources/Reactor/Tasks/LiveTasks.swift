import Recorder
import Trace

/// A task that the reactor started and that has not ended.
final class LiveTask {
  let deferred: AnyDeferred
  /// The name that its chain gets when it first runs.
  var name: String?
  /// The chain that it is in now.
  var chain: RingChain
  /// Asks the task to end.
  var cancel: () -> Void = {}
  /// Its id in Swift's runtime, known when it is first enqueued.
  var id: UInt64 = 0

  init(_ deferred: AnyDeferred, _ name: String?, _ chain: RingChain) {
    self.deferred = deferred
    self.name = name
    self.chain = chain
  }
}

/// The tasks of a reactor.
struct LiveTasks {
  private var tasks: [UInt64: LiveTask] = [:]
  private var waiters: [ObjectIdentifier: Waiter] = [:]
  /// The task that is being started: it is enqueued before its maker has a handle, and so an id, for it.
  var starting: LiveTask?
  /// The task whose job runs now.
  var running: LiveTask?
  /// The reactor is about to end: tasks that are started now are cancelled at once.
  private(set) var isEnding = false
  /// The functions that tasks resume in.
  var resumeSites = ResumeSites()

  var isEmpty: Bool { tasks.isEmpty }

  /// Whose job is being enqueued; `nil` where the reactor did not start it.
  mutating func task(_ id: UInt64) -> LiveTask? {
    if let known = tasks[id] { return known }
    guard let task = starting.take() else { return nil }
    task.id = id
    tasks[id] = task
    return task
  }

  mutating func remove(_ task: LiveTask) { tasks[task.id] = nil }
  mutating func add(_ waiter: Waiter) { waiters[ObjectIdentifier(waiter)] = waiter }
  mutating func remove(_ waiter: Waiter) { waiters[ObjectIdentifier(waiter)] = nil }

  /// Those that have not ended, oldest first.
  var all: [LiveTask] { tasks.values.sorted { $0.id < $1.id } }

  /// All that live, for the reactor to cancel before it ends.
  mutating func beginEnding() -> [LiveTask] {
    isEnding = true
    return all
  }

  /// What has not ended when the reactor does.
  mutating func end() -> (tasks: [LiveTask], waiters: [Waiter]) {
    defer {
      tasks = [:]
      waiters = [:]
    }
    return (Array(tasks.values), Array(waiters.values))
  }
}
