import CLinux
import DequeModule
import Glibc
import Recorder

/// A fixed number of threads that take jobs off one queue, and post to a loop when they have finished one.
///
/// Unchecked: everything that changes is guarded by `lock`. A lock and a condition of pthread's rather than `Mutex`,
/// which has no condition to wait for.
final class ThreadPool: @unchecked Sendable {
  struct Job: Sendable {
    let id: UInt64
    let run: @Sendable () -> Void
  }

  let size: Int
  private let name: String
  private let remote: Remote
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs = Deque<Job>()
  private var started = 0
  private var isClosed = false

  init(size: Int, name: String, _ remote: Remote) {
    self.size = size
    self.name = name
    self.remote = remote
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  /// Queues a job, and starts a thread where there are fewer than `size`.
  ///
  /// Throws where not one thread could be started; the job is not queued then.
  func submit(_ job: Job) throws(ReactorError) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    if started < size {
      do throws(ReactorError) {
        pthread_detach(try LoopThread.start(name) { [self] in work() })
        started += 1
      } catch {
        if started == 0 { throw error }
      }
    }
    jobs.append(job)
    pthread_cond_signal(changed)
  }

  /// Takes a job back; `false` where a thread has it already. O(n) for n queued.
  func withdraw(_ id: UInt64) -> Bool {
    pthread_mutex_lock(lock)
    let index = jobs.firstIndex { $0.id == id }
    let job = index.map { jobs.remove(at: $0) }
    pthread_mutex_unlock(lock)
    // Let go of outside the lock: its closure's destruction is the program's code.
    return job != nil
  }

  /// Drops what is queued; each thread ends after the job that it is at, which nobody waits for.
  func close() {
    pthread_mutex_lock(lock)
    isClosed = true
    let dropped = jobs
    jobs = []
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(lock)
    withExtendedLifetime(dropped) {}
  }

  private func next() -> Job? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while jobs.isEmpty && !isClosed { pthread_cond_wait(changed, lock) }
    return jobs.popFirst()
  }

  private func work() {
    while let job = next() {
      let id = job.id
      guard let began = remote.moment() else { return }
      run(job)
      _ = remote.post { .result(PoolResult(pool: self, id: id, began: began, ended: $0.moment())) }
    }
  }

  /// Lets go of the job before its end is stamped: the destruction of its closure belongs to it.
  private func run(_ job: consuming Job) {
    job.run()
  }
}
