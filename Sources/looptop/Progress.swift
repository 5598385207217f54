import Glibc

/// How far a long task has come: `NN %` in place on standard error where that is a terminal, else nothing.
struct Progress {
  private let total: UInt64
  private let isShown = isatty(STDERR_FILENO) == 1
  private var done: UInt64 = 0
  private var percent: UInt64?

  /// Nothing of `total` steps is done.
  init(of total: UInt64) { self.total = max(total, 1) }

  /// That many more steps are done.
  mutating func advance(by steps: UInt64) {
    done += steps
    let percent = min(100 * done / total, 100)
    guard isShown, percent != self.percent else { return }
    self.percent = percent
    Standard.error.write("\r\(percent) %")
  }

  /// Leaves the line as it was found.
  mutating func erase() {
    if percent != nil { Standard.error.write("\r     \r") }
    percent = nil
  }
}
