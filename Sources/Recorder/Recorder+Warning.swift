import Glibc
import Synchronization
import Trace

extension Recorder {
  private static let warned = Atomic<Bool>(false)

  /// The one line that a traced program may find on its stderr.
  static func warnOnce(_ error: RingError) {
    guard !warned.exchange(true, ordering: .relaxed) else { return }
    let line = "looptop: not recording: \(error.sentence)\n"
    _ = line.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
