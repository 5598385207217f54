import Glibc
import Synchronization

/// A body that runs on a thread of its own.
final class AnotherThread<Value: Sendable>: @unchecked Sendable {
  private let body: @Sendable () -> Value
  // Written by the thread, read after it was joined.
  private var value: Value?
  private var thread = pthread_t()

  /// Starts it.
  init(_ body: @escaping @Sendable () -> Value) {
    self.body = body
    let start = Unmanaged.passRetained(Start { self.value = body() })
    pthread_create(&thread, nil, runStart, start.toOpaque())
  }

  /// Waits for its end.
  func join() -> Value {
    pthread_join(thread, nil)
    return value!
  }
}

private final class Start {
  let run: () -> Void
  init(_ run: @escaping () -> Void) { self.run = run }
}

private func runStart(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<Start>.fromOpaque(start!).takeRetainedValue().run()
  return nil
}

/// Set once, by one thread for another.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}
