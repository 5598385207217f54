import Trace

/// A ready queue that is filled as fast as it is emptied, so that the loop cannot get to its poll.
enum Starvation: FindingCheck {
  static let id = "starvation"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.overruns.filter { $0.why == .selfFeedingQueue }.map { overrun in
      let finding = Finding(
        id: id, severity: .warning, site: overrun.site, sentence: sentence(overrun),
        advice: "Do not call soon from what was called soon without end: set a timer, or hand the work to the pool.",
        count: overrun.count, causedBy: nil, numbers: overrun.numbers, loop: overrun.loop, moment: overrun.began)
      return Found(finding: finding, subjects: [.overruns(overrun.loop, .selfFeedingQueue)])
    }
  }

  private static func sentence(_ overrun: Evidence.Overrun) -> String {
    let what =
      "\(Format.function(overrun.site)) and what it calls for soon kept the loop from its poll for "
      + "\(Format.duration(overrun.longest)) with \(Format.count(overrun.callbacks)) callbacks"
    return overrun.count == 1
      ? what + "."
      : "\(what). So it was \(Format.times(overrun.count)), "
        + "\(Format.duration(overrun.total)) in all."
  }
}

extension Evidence.Overrun {
  /// The numbers of its sentence.
  var numbers: [String: Int64] {
    [
      "count": Int64(clamping: count), "longest_ns": longest.count, "total_ns": total.count,
      "callbacks": Int64(clamping: callbacks), "site_callbacks": Int64(ofSite.count), "site_ns": ofSite.own.count,
    ]
  }
}
