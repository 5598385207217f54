import Trace

/// What readings of a thread's CPU time say of the stretches between them.
struct CPUWitness {
  /// Polls in which the thread gave its CPU up of its own accord, and such that were so short that it may not have.
  private struct Waits {
    var certain: UInt32 = 0
    var likely: UInt32 = 0
  }

  /// What the thread had used when it was asked.
  private struct Reading {
    var time: Instant
    var usage: Usage
    /// By then.
    var waits: Waits
  }

  /// What is known of a stretch.
  struct Testimony {
    /// How long it took.
    var length: Nanoseconds
    /// So much CPU time it must have used: all that can have been used outside of it is taken to have been.
    var least: Nanoseconds
    /// So much CPU time it can have used at most.
    var most: Nanoseconds
    /// Whether the thread never left its CPU of its own accord.
    var hasStayed: Bool
    /// Whether the thread was put off its CPU often enough for the time that it was not on one.
    var wasPutOff: Bool

    /// Whether the machine gave the thread no CPU where it was not on one.
    var isDeprived: Bool { hasStayed && wasPutOff }
  }

  /// A thread that was put off its CPU has it back by then: what a container has used up is given anew every 100 ms.
  private static let longestTurn = Nanoseconds.milliseconds(100)

  private var before: Reading?
  private var last: Reading?
  private var waits = Waits()

  /// A poll waited, for certain or probably.
  mutating func countWait(isCertain: Bool) {
    if isCertain { waits.certain &+= 1 } else { waits.likely &+= 1 }
  }

  /// The thread's usage was read.
  mutating func read(_ usage: Usage, at time: Instant) {
    before = last
    last = Reading(time: time, usage: usage, waits: waits)
  }

  /// What the last two readings say of a stretch; `nil` where most of it does not lie between them. What does not is taken
  /// to have been spent on a CPU, but not for certain: a pass goes on for a moment after the reading at its last span's end.
  func testimony(from: Instant, to: Instant) -> Testimony? {
    guard let before, let last else { return nil }
    let length = to - from
    let covered = min(last.time, to) - max(before.time, from)
    guard covered.count > length.count / 5 * 4 else { return nil }
    let used = last.usage.cpu - before.usage.cpu
    guard used >= .zero else { return nil }
    let involuntary = Int64(last.usage.involuntarySwitches &- before.usage.involuntarySwitches)
    return Testimony(
      length: length, least: max(used - (last.time - before.time - covered), .zero),
      most: min(used + (length - covered), length),
      hasStayed: Self.hasStayed(from: before, to: last, isContested: involuntary >= 2),
      // A poll that was put off its CPU looks as if it had waited, and would excuse a sleep: but that takes longer.
      wasPutOff: (covered - used).count / Self.longestTurn.count < involuntary)
  }

  /// One who sleeps is not put off his CPU again: where it is contested, short polls are believed to have waited.
  private static func hasStayed(from before: Reading, to last: Reading, isContested: Bool) -> Bool {
    let voluntary = Int32(bitPattern: last.usage.voluntarySwitches &- before.usage.voluntarySwitches)
    let certain = Int32(bitPattern: last.waits.certain &- before.waits.certain)
    let likely = Int32(bitPattern: last.waits.likely &- before.waits.likely)
    return voluntary <= certain &+ (isContested ? likely : 0)
  }
}

extension CPUWitness.Testimony {
  /// What a stall that is the stretch leaves no other explanation for.
  func cause(threshold: Nanoseconds) -> Stall.Cause {
    if least.count > length.count / 5 * 4 { return .computing }
    if hasStayed && least > threshold { return .computing }
    return isDeprived && most <= threshold ? .cpuWait : .unknown
  }
}
