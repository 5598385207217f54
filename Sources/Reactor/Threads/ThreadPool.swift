import DequeModule
import Glibc
import Recorder

/// A fixed number of threads that take jobs off one queue, and post to a loop when they have finished one.
final class ThreadPool: Sendable {
  struct Job: Sendable {
    let id: UInt64
    let run: @Sendable () -> Void
  }

  private struct State: Sendable {
    var jobs = Deque<Job>()
    var started = 0
    var isClosed = false
  }

  /// What a thread is to do next.
  private enum Next {
    case run(Job), end
  }

  let size: Int
  private let name: String
  private let remote: Remote
  private let state = Monitor(State())

  init(size: Int, name: String, _ remote: Remote) {
    self.size = size
    self.name = name
    self.remote = remote
  }

  /// Queues a job, and starts a thread where there are fewer than `size`.
  ///
  /// Throws where not one thread could be started; the job is not queued then.
  func submit(_ job: Job) throws(ReactorError) {
    try state.withLock { (state) throws(ReactorError) in
      if state.started < size {
        do throws(ReactorError) {
          pthread_detach(try LoopThread.start(name) { [self] in work() })
          state.started += 1
        } catch {
          if state.started == 0 { throw error }
        }
      }
      state.jobs.append(job)
    }
    state.signal()
  }

  /// Takes a job back; `false` where a thread has it already. O(n) for n queued.
  func withdraw(_ id: UInt64) -> Bool {
    // Let go of outside the lock: its closure's destruction is the program's code.
    let job = state.withLock { state in
      state.jobs.firstIndex { $0.id == id }.map { state.jobs.remove(at: $0) }
    }
    return job != nil
  }

  /// Drops what is queued; each thread ends after the job that it is at, which nobody waits for.
  func close() {
    let dropped = state.withLock { state in
      state.isClosed = true
      let dropped = state.jobs
      state.jobs = []
      return dropped
    }
    state.broadcast()
    withExtendedLifetime(dropped) {}
  }

  private func next() -> Job? {
    let next = state.wait { state -> Next? in
      if let job = state.jobs.popFirst() { return .run(job) }
      return state.isClosed ? .end : nil
    }
    if case .run(let job) = next { return job }
    return nil
  }

  private func work() {
    while let job = next() {
      let id = job.id
      guard let began = remote.moment() else { return }
      run(job)
      _ = remote.post(.result(PoolResult(pool: self, id: id, began: began)))
    }
  }

  /// Lets go of the job before its end is stamped: the destruction of its closure belongs to it.
  private func run(_ job: consuming Job) {
    job.run()
  }
}
