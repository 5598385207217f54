import Trace

/// Watches how long calls wait for a thread of the pool.
struct PoolWatch {
  /// Calls made at one site that waited too long.
  struct Waits {
    var count: UInt64 = 0
    var longest = Nanoseconds.zero
    var total = Nanoseconds.zero
    /// When the one that waited longest was made.
    var moment: Instant
  }

  private(set) var waits: [SiteID: Waits] = [:]
  /// Calls that wait, and that a thread is at.
  private(set) var queued: UInt32 = 0
  private(set) var running: UInt32 = 0
  private(set) var mostQueued: UInt32 = 0
  /// When calls waited last for want of a thread.
  private var lastFull: Instant?

  /// The pool's depth changed.
  mutating func change(queued: UInt32, running: UInt32, at time: Instant) {
    if queued > 0 || self.queued > 0 { lastFull = time }
    self.queued = queued
    self.running = running
    mostQueued = max(mostQueued, queued)
  }

  /// Whether there have been more calls than threads since then: else who waited for a thread that was free waited for a CPU.
  func wasFull(since time: Instant) -> Bool { queued > 0 || lastFull.map { $0 >= time } ?? false }

  /// A call has waited that long for a thread, or waits still.
  mutating func take(_ site: SiteID, after wait: Nanoseconds, created: Instant) {
    var known = waits[site] ?? Waits(moment: created)
    known.count += 1
    known.total = known.total + wait
    if wait > known.longest { (known.longest, known.moment) = (wait, created) }
    waits[site] = known
  }
}
