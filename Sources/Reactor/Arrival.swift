import Glibc

/// A value that one thread waits for and another one brings, once.
///
/// Unchecked: the value is guarded by `lock`. A lock and a condition of pthread's, as `Mutex` has no condition.
final class Arrival<Value: Sendable>: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var value: Value?

  init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  func put(_ value: Value) {
    pthread_mutex_lock(lock)
    self.value = value
    pthread_cond_signal(changed)
    pthread_mutex_unlock(lock)
  }

  func wait() -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while true {
      if let value { return value }
      pthread_cond_wait(changed, lock)
    }
  }
}
