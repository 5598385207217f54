import Trace

/// What hurts most: still running, then slow, then the harm that it may have done, then what of it is certain, then the time
/// that it took.
///
/// What may be goes first. Who waits in the kernel while a callback blocks is certain to have been ready only after it: how
/// much of the guilty's harm is certain is luck, and the innocent always have some.
struct HarmRank: Comparable {
  var isRunning: Bool
  /// Whether it was ever slow.
  var isSlow: Bool
  var harm: Nanoseconds
  var harmUpTo: Nanoseconds
  var own: Nanoseconds

  static func < (a: HarmRank, b: HarmRank) -> Bool {
    if a.isRunning != b.isRunning { return b.isRunning }
    if a.isSlow != b.isSlow { return b.isSlow }
    return (a.harmUpTo, a.harm, a.own) < (b.harmUpTo, b.harm, b.own)
  }
}

extension StallRecord {
  /// Its rank among those that hurt.
  var rank: HarmRank {
    HarmRank(isRunning: !ended, isSlow: true, harm: harm.certain, harmUpTo: harm.upTo, own: duration)
  }
}
