import CLinux
import Glibc

/// While a reactor runs on the program's main thread, the jobs of the main actor are callbacks of that reactor.
///
/// The thread is busy with the loop, so nobody else could run them; and code that the compiler isolates to the main actor
/// without being asked, like that of `main`, could not await anything. An `async` `main` runs on a thread of the runtime's
/// choice, and keeps the main actor for itself: run the reactor from a synchronous one.
enum MainActorJobs {
  /// The latest is who has them. None is ever let go of: tasks that wait for the main actor refer to it without owning it.
  private static let executors = Monitor<[ReactorExecutor]>([])

  /// From here on they go to the calling thread's reactor, if that is the main thread.
  static func take(by executor: ReactorExecutor) {
    guard ll_gettid() == getpid() else { return }
    executors.withLock { $0.append(executor) }
    ll_set_main_executor(unsafeBitCast(executor.ofMainActor, to: ll_executor.self))
  }

  /// They go their usual way again.
  static func giveBack(by executor: ReactorExecutor) {
    guard executors.withLock({ $0.last === executor }) else { return }
    ll_set_main_executor(ll_executor(identity: nil, implementation: 0))
  }
}
