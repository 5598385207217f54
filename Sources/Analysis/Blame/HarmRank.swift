import Trace

/// What hurts most: still running, then slow, then the harm, then the harm that it may have done, then the time that it took.
struct HarmRank: Comparable {
  var isRunning: Bool
  /// Whether it was ever slow. Ahead of harm: who waits in the kernel while a callback blocks is certain to have been ready
  /// only after it, so that the guilty may have no harm for certain, and the innocent always have some.
  var isSlow: Bool
  var harm: Nanoseconds
  var harmUpTo: Nanoseconds
  var own: Nanoseconds

  static func < (a: HarmRank, b: HarmRank) -> Bool {
    if a.isRunning != b.isRunning { return b.isRunning }
    if a.isSlow != b.isSlow { return b.isSlow }
    return (a.harm, a.harmUpTo, a.own) < (b.harm, b.harmUpTo, b.own)
  }
}

extension StallRecord {
  /// Its rank among those that hurt.
  var rank: HarmRank {
    HarmRank(isRunning: !ended, isSlow: true, harm: harm.certain, harmUpTo: harm.upTo, own: duration)
  }
}
