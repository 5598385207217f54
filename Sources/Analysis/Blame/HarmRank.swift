import Trace

/// What hurts most: still running, then the harm, then the harm that it may have done, then the time that it took.
struct HarmRank: Comparable {
  var isRunning: Bool
  var harm: Nanoseconds
  var harmUpTo: Nanoseconds
  var own: Nanoseconds

  static func < (a: HarmRank, b: HarmRank) -> Bool {
    if a.isRunning != b.isRunning { return b.isRunning }
    return (a.harm, a.harmUpTo, a.own) < (b.harm, b.harmUpTo, b.own)
  }
}

extension StallRecord {
  /// Its rank among those that hurt.
  var rank: HarmRank { HarmRank(isRunning: !ended, harm: harm.certain, harmUpTo: harm.upTo, own: duration) }
}
