import Trace

/// What readings of a thread's CPU time say of the stretches between them.
struct CPUWitness {
  /// What the thread had used when it was asked.
  private struct Reading {
    var time: Instant
    var usage: Usage
    /// Polls that had waited by then: in each the thread gave the CPU up of its own accord.
    var waits: UInt32
  }

  /// What is known of a stretch.
  struct Testimony {
    /// So much CPU time it can have used at most.
    var most: Nanoseconds
    /// Whether the thread was put off its CPU in it, and never left it of its own accord: where it was not on a CPU, the
    /// machine gave it none.
    var isDeprived: Bool
  }

  /// A thread that was put off its CPU has it back by then: what a container has used up is given anew every 100 ms.
  private static let longestTurn = Nanoseconds.milliseconds(100)

  private var before: Reading?
  private var last: Reading?
  private var waits: UInt32 = 0

  /// The last reading's time.
  var latest: Instant? { last?.time }

  /// A poll waited.
  mutating func countWait() { waits &+= 1 }

  /// The thread's usage was read.
  mutating func read(_ usage: Usage, at time: Instant) {
    before = last
    last = Reading(time: time, usage: usage, waits: waits)
  }

  /// What the last two readings say of a stretch; `nil` where it does not lie between them.
  func testimony(from: Instant, to: Instant) -> Testimony? {
    guard let before, let last, before.time <= from, last.time >= to else { return nil }
    let used = last.usage.cpu - before.usage.cpu
    guard used >= .zero else { return nil }
    let voluntary = Int32(bitPattern: last.usage.voluntarySwitches &- before.usage.voluntarySwitches)
    let involuntary = Int64(last.usage.involuntarySwitches &- before.usage.involuntarySwitches)
    let polls = Int32(bitPattern: last.waits &- before.waits)
    // A poll that was put off its CPU looks as if it had waited, and would excuse a sleep: but that takes longer.
    let missing = to - from - used
    let canBePutOff = missing.count / Self.longestTurn.count < involuntary
    return Testimony(most: min(used, to - from), isDeprived: canBePutOff && voluntary <= polls)
  }
}
