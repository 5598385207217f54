import CLinux
import Glibc

/// A thread of ours.
enum LoopThread {
  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }

    func run() {
      // The kernel has room for 15 bytes; the end says more.
      _ = ll_set_thread_name(String(name.suffix(15)))
      body()
    }
  }

  /// Starts one with all signals blocked: they are for the threads of the program. To be joined or detached.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(ReactorError) -> pthread_t {
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(name, body))
    let failed = pthread_create(&thread, nil, threadMain, start.toOpaque())
    if failed == 0 { return thread }
    start.release()
    throw .failed(.threadCreate, at: nil, errno: failed)
  }

  fileprivate static func run(_ start: UnsafeMutableRawPointer) {
    Unmanaged<Start>.fromOpaque(start).takeRetainedValue().run()
  }
}

private func threadMain(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  LoopThread.run(start!)
  return nil
}
