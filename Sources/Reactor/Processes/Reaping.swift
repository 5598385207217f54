import Glibc

/// The end of killed children, which must not stay in the kernel's table as zombies.
enum Reaping {
  /// How long the loop waits, in milliseconds. A killed child is nearly always gone in less than one; but not while a disk or a
  /// file server does not answer it, and a traced one is its tracer's until that lets go of it.
  private static var patience: Int32 { 100 }

  /// Waits for the end of a child that was killed; where it does not come, leaves that to a thread of its own.
  static func wait(for id: pid_t, _ pidfd: Int32) {
    var watched = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
    _ = poll(&watched, 1, patience)
    if waitpid(id, nil, WNOHANG) == 0 { leave(id) }
  }

  /// Leaves a killed child to a thread of its own. Where none can be started it stays a zombie for as long as this process lives.
  static func leave(_ id: pid_t) {
    if let thread = try? LoopThread.start("reaper", { waitpid(id, nil, 0) }) { pthread_detach(thread) }
  }
}
