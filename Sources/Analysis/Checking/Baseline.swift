import Trace

/// What a comparison with an earlier trace is held against: how much worse things may have become.
///
/// Medians are told from chance by the rank test of `Comparison`, 99th percentiles by how many of the later durations lie
/// beyond the earlier percentile, and how often a finding occurs by how much time there was for it; each at one in a thousand.
///
/// ```swift
/// let (before, after) = (Analyzer(), Analyzer())
/// for breach in Baseline(worseThan: 0.1).breaches(in: Comparison(of: before, with: after)) where breach.excuse == nil {
///   print(breach.sentence)
/// }
/// ```
public struct Baseline: Hashable, Sendable {
  /// By what share of its earlier value something may grow.
  public var worseThan: Double

  /// The budget's name.
  public static let name = "worse-than"

  /// Some growth is allowed: 0.1 is a tenth.
  public init(worseThan: Double) { self.worseThan = worseThan }

  /// What grew by more than that, and findings that are new; what chance may have made is excused.
  public func breaches(in comparison: Comparison) -> [Breach] {
    let lengths =
      comparison.loops.compactMap { breach($0, "") } + comparison.sites.compactMap { breach($0, " of its self time") }
    let all = comparison.findings.compactMap { breach($0, in: comparison) } + lengths
    return all.filter { $0.excuse == nil } + all.filter { $0.excuse != nil }
  }

  /// A percentile of a length of time that grew.
  private struct Growth {
    var name: String
    var before: Nanoseconds
    var after: Nanoseconds
    var excuse: Breach.Excuse?

    var share: Double { Double(after.count - before.count) / Double(max(before.count, 1)) }
  }

  private func breach(_ row: Comparison.Lengths, _ what: String) -> Breach? {
    guard let before = row.before, let after = row.after else { return nil }
    func excuse(_ isBeyond: Bool?) -> Breach.Excuse? { isBeyond.map { $0 ? nil : .noise } ?? .tooFew }
    let grown = [
      Growth(name: "median", before: before.p50, after: after.p50, excuse: excuse(row.isMedianLonger)),
      Growth(name: "99th percentile", before: before.p99, after: after.p99, excuse: excuse(row.isTailLonger)),
    ].filter { $0.share > worseThan }
    // What counts before what does not.
    guard
      let worst = grown.max(by: { a, b in
        (a.excuse == nil) == (b.excuse == nil) ? a.share < b.share : a.excuse != nil
      })
    else { return nil }
    return Breach(
      budget: Self.name, site: row.site,
      sentence: "\(Format.visible(row.name)): the \(worst.name)\(what) rose from \(Format.duration(worst.before)) to "
        + "\(Format.duration(worst.after)), " + judgement(worst.share, worst.excuse),
      measured: worst.after, allowed: Nanoseconds(Int64(Double(worst.before.count) * (1 + worseThan))),
      excuse: worst.excuse)
  }

  private func breach(_ row: Comparison.FoundChange, in comparison: Comparison) -> Breach? {
    guard row.finding.severity > .info, row.after > 0 else { return nil }
    func breach(_ sentence: String, _ excuse: Breach.Excuse? = nil) -> Breach {
      Breach(
        budget: Self.name, site: row.finding.site, sentence: "\(row.finding.id) \(sentence)", measured: nil,
        allowed: nil, excuse: excuse)
    }
    // Something is wrong that was not wrong before: no matter how rare it is.
    if row.before == 0 { return breach("is new: \(row.finding.sentence)") }
    let times = [comparison.before, comparison.after].map { max(Double(($0.trace.to - $0.trace.from).count), 1) }
    let growth = Double(row.after) / times[1] / (Double(row.before) / times[0]) - 1
    guard growth > worseThan else { return nil }
    let chance = Chance.ofAtLeast(row.after, of: row.before + row.after, share: times[1] / (times[0] + times[1]))
    let excuse: Breach.Excuse? = chance < Chance.least ? nil : .noise
    return breach(
      "of \(Format.function(row.finding.site)): \(Format.count(row.after)) in \(Format.duration(length(comparison.after)))"
        + " after \(Format.count(row.before)) in \(Format.duration(length(comparison.before))), "
        + judgement(growth, excuse), excuse)
  }

  private func length(_ report: Report) -> Nanoseconds { report.trace.to - report.trace.from }

  private func judgement(_ share: Double, _ excuse: Breach.Excuse?) -> String {
    let more = "\(Format.count(UInt64(min(share * 100, 1e9).rounded()))) % more"
    return switch excuse {
    case nil: "\(more), which is beyond noise"
    case .noise: "\(more), which may be noise"
    case .tooFew, .noCPU: "\(more), but there are too few of them to tell it from noise"
    }
  }
}
