import Trace

/// A ready queue into which more is put than is taken out.
enum GrowingQueue: FindingCheck {
  static let id = "growing-queue"

  static func findings(in evidence: Evidence, thresholds: Thresholds) -> [Found] {
    evidence.growths.filter { $0.last >= thresholds.growing && $0.last / 2 >= $0.first }.map { growth in
      let finding = Finding(
        id: id, severity: .warning, site: growth.site ?? .unknown, sentence: sentence(growth),
        advice: "Find who calls for more than the loop can do, and make it wait for what it has called for already.",
        count: 1, causedBy: nil, numbers: ["first": Int64(growth.first), "last": Int64(growth.last)], loop: growth.loop,
        moment: growth.moment)
      return Found(finding: finding, subjects: [])
    }
  }

  private static func sentence(_ growth: Evidence.Growth) -> String {
    let name = growth.name.isEmpty ? "loop \(growth.loop.number)" : Format.visible(growth.name)
    return "The ready queue of \(name) only grew, from \(Format.count(UInt64(growth.first))) callbacks to "
      + "\(Format.count(UInt64(growth.last)))\(growth.site.map { ", most of them of \(Format.function($0))" } ?? "")."
  }
}
