import Trace

/// A thread pool all of whose threads are busy while calls wait.
enum SaturatedPool: FindingCheck {
  static let id = "saturated-pool"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.poolWaits.map { wait in
      let finding = Finding(
        id: id, severity: .warning, site: wait.site, sentence: sentence(wait),
        advice: "Make the calls shorter, give the pool more threads, or make callers wait before they call.",
        count: wait.waits.count, causedBy: nil,
        numbers: [
          "count": Int64(clamping: wait.waits.count), "longest_ns": wait.waits.longest.count,
          "total_ns": wait.waits.total.count, "most_queued": Int64(wait.mostQueued),
        ], loop: wait.loop, moment: wait.waits.moment)
      return Found(finding: finding, subjects: [])
    }
  }

  private static func sentence(_ wait: Evidence.PoolWait) -> String {
    let name = Format.function(wait.site)
    let longest = Format.duration(wait.waits.longest)
    let queue = wait.mostQueued > 1 ? " Up to \(Format.count(UInt64(wait.mostQueued))) calls waited at once." : ""
    if wait.waits.count == 1 { return "A call made by \(name) waited \(longest) for a thread of the pool.\(queue)" }
    return
      "\(Format.count(wait.waits.count)) calls made by \(name) waited for a thread of the pool, for up to \(longest)."
      + queue
  }
}
