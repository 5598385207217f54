import CLinux
import Trace

/// Where a loop has its time from.
package enum LoopClock {
  /// `CLOCK_MONOTONIC`.
  case monotonic
  /// A clock that stands until it is told to move.
  case manual(ManualClock)

  package func read() -> Instant {
    switch self {
    case .monotonic: Instant(ll_monotonic())
    case .manual(let clock): clock.now
    }
  }
}

/// A clock that stands until it is told to move; the recorder reads the same cell.
package final class ManualClock {
  package let cell: UnsafeMutablePointer<Int64>

  package init(_ start: Instant) {
    cell = .allocate(capacity: 1)
    cell.initialize(to: start.nanoseconds)
  }

  deinit { cell.deallocate() }

  package var now: Instant {
    get { Instant(cell.pointee) }
    set {
      precondition(newValue >= now, "a virtual clock cannot go back, from \(now) to \(newValue)")
      cell.pointee = newValue.nanoseconds
    }
  }
}
