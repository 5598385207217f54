import Glibc
import Synchronization
import Trace

extension TraceStore {
  /// Hands every batch that the cursor has not passed to `body`, in order, while a thread of its own reads and decodes
  /// those that follow.
  ///
  /// For a file at rest: what a live writer has not sealed is read as by `next`, and by the other thread too. `body` must
  /// not use the store. Throws `TraceError.system` as `next` does, after the batches ahead of the failure.
  public func readAhead(_ cursor: inout Cursor, _ body: (Batch) -> Void) throws(TraceError) {
    let reading = Reading(self, from: cursor)
    guard let thread = reading.start() else {
      // No thread to be had: one after the other, then.
      while let batch = try next(&cursor) { body(batch) }
      return
    }
    while let batch = reading.decoded.take() { body(batch) }
    pthread_join(thread, nil)
    cursor = reading.cursor
    if let failure = reading.failure { throw failure }
  }
}

/// A store while another thread reads it. The thread that made it touches nothing in here but the queue until it has
/// joined the other one: that is what makes it safe, and why the compiler cannot see it.
private final class Reading: @unchecked Sendable {
  let store: TraceStore
  let decoded = BatchQueue()
  private(set) var cursor: TraceStore.Cursor
  private(set) var failure: TraceError?

  init(_ store: TraceStore, from cursor: TraceStore.Cursor) {
    self.store = store
    self.cursor = cursor
  }

  /// Starts the thread; `nil` where the system has none to give.
  func start() -> pthread_t? {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(self)
    guard pthread_create(&thread, nil, readBatches, argument.toOpaque()) == 0 else {
      argument.release()
      return nil
    }
    return thread
  }

  func readAll() {
    do throws(TraceError) {
      while let batch = try store.next(&cursor) { decoded.put(batch) }
    } catch {
      failure = error
    }
    decoded.put(nil)
  }
}

private func readBatches(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<Reading>.fromOpaque(argument!).takeRetainedValue().readAll()
  return nil
}

/// Batches between the thread that decodes them and the one that wants them: a few, so that memory stays bounded.
private final class BatchQueue: Sendable {
  private static let limit = 2
  private let batches = Mutex<[Batch?]>([])
  private let room = Semaphore(limit)
  private let filled = Semaphore(0)

  /// Adds a batch, `nil` after the last; waits while there is no room.
  func put(_ batch: Batch?) {
    room.wait()
    batches.withLock { $0.append(batch) }
    filled.signal()
  }

  /// The next batch, waited for; `nil` after the last one, once.
  func take() -> Batch? {
    filled.wait()
    let batch = batches.withLock { $0.removeFirst() }
    room.signal()
    return batch
  }
}

/// A POSIX semaphore, which is safe to share because the pointer never changes.
private final class Semaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init(_ count: Int) { sem_init(semaphore, 0, UInt32(count)) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func wait() {
    // A signal may interrupt it.
    while sem_wait(semaphore) != 0 {}
  }

  func signal() { sem_post(semaphore) }
}
