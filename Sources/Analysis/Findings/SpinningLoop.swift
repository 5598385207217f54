import Trace

/// A loop that goes round and round without waiting, and nothing comes of it.
enum SpinningLoop: FindingCheck {
  static let id = "spinning-loop"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.spins.map { spin in
      let finding = Finding(
        id: id, severity: .warning, site: spin.site ?? .unknown, sentence: sentence(spin),
        advice: "Take what is ready away, or stop watching it: a descriptor that stays ready wakes the loop for ever.",
        count: spin.count, causedBy: nil,
        numbers: [
          "count": Int64(clamping: spin.count), "longest_ns": spin.longest.length.count,
          "passes": Int64(clamping: spin.longest.passes), "total_ns": spin.total.count,
        ], loop: spin.loop, moment: spin.longest.from)
      return Found(finding: finding, subjects: [])
    }
  }

  private static func sentence(_ spin: Evidence.Spin) -> String {
    let what = spin.site.map { "\(Format.function($0)) was called" } ?? "The loop went round"
    let times = "\(Format.count(spin.longest.passes)) times in \(Format.duration(spin.longest.length))"
    let all = spin.count == 1 ? "" : " So it was \(Format.times(spin.count)), \(Format.duration(spin.total)) in all."
    return "\(what) \(times) without a wait, and nothing came of it.\(all)"
  }
}
