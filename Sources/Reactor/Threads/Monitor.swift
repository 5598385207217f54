import Glibc

/// A value that several threads share, behind a lock, with a condition to wait for.
///
/// Unchecked: `value` is only touched under the lock. A lock of pthread's rather than the library's `Mutex`, which has no
/// condition, and of which ThreadSanitizer knows nothing: under it every use would be a race.
package final class Monitor<Value: Sendable>: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var value: Value

  package init(_ value: Value) {
    self.value = value
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  package func withLock<R, Failure: Error>(_ body: (inout Value) throws(Failure) -> R) throws(Failure) -> R {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return try body(&value)
  }

  /// Waits until `body`, called again after each `signal`, returns something.
  package func wait<R>(_ body: (inout Value) -> R?) -> R {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while true {
      if let result = body(&value) { return result }
      pthread_cond_wait(changed, lock)
    }
  }

  /// Wakes one thread that waits.
  package func signal() {
    pthread_cond_signal(changed)
  }

  /// Wakes all threads that wait.
  package func broadcast() {
    pthread_cond_broadcast(changed)
  }
}
