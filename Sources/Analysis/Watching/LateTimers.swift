import Trace

/// The timers of one loop that ran too late, and why.
struct LateTimers {
  /// The latest of all.
  struct Timer {
    var site: SiteID
    var due: Instant
    var late: Nanoseconds
  }

  private(set) var count: UInt64 = 0
  private(set) var latest: Timer?
  /// How many were late because of passes that took too long, by why those did.
  private(set) var causes: [Overrun: UInt64] = [:]
  /// Those of the pass that goes on and is too long already: why it is will be known at its end.
  private var undecided: UInt64 = 0

  /// A timer ran that late; `cause` is the stall it waited for, where that has ended.
  mutating func add(_ timer: Timer, cause: Overrun?, inStall: Bool) {
    count += 1
    if timer.late > latest?.late ?? .zero { latest = timer }
    if let cause {
      causes[cause, default: 0] += 1
    } else if inStall {
      undecided += 1
    }
  }

  /// The pass ended.
  mutating func endPass(_ why: Overrun?) {
    guard undecided > 0 else { return }
    if let why { causes[why, default: 0] += undecided }
    undecided = 0
  }
}
