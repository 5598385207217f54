import Trace

/// A stall as it is kept: its site's texts are looked up when it is reported.
struct StallRecord {
  var loop: LoopID
  var began: Instant
  var duration: Nanoseconds
  var ended: Bool
  var worst: StallDetector.Culprit?
  var callbacks: UInt64
  var cause: Stall.Cause
  var why: Overrun
  /// The site that took most of it, with how much and how many callbacks.
  var heaviest: (site: SiteID, own: Nanoseconds, count: UInt32)?
  var harm = Harm()

  /// When the loop reached its poll again, or up to when it had not.
  var end: Instant { began + duration }
}

/// Watches one pass of a loop: what ran in it, and whether it took too long.
struct StallDetector {
  /// The span with the largest self time.
  struct Culprit {
    var site: SiteID
    var kind: CallbackKind
    var own: Nanoseconds

    init(site: SiteID, kind: CallbackKind, own: Nanoseconds) {
      self.site = site
      self.kind = kind
      self.own = own
    }

    init(_ counts: SiteCounts, _ own: Nanoseconds) { self.init(site: counts.site, kind: counts.kind, own: own) }
  }

  private var began = Instant(0)
  /// The span with the largest self time, by index into the counts of sites; none while its time is negative.
  private var worst: (index: Int32, own: Nanoseconds) = (0, Nanoseconds(-1))
  /// What ran in the pass.
  var census = PassCensus()
  private(set) var callbacks: UInt64 = 0

  /// A pass begins.
  mutating func begin(at time: Instant) {
    began = time
    worst = (0, Nanoseconds(-1))
    callbacks = 0
    census.begin()
  }

  /// A span began.
  @inline(__always)
  mutating func countSpan() { callbacks += 1 }

  /// A span ended.
  @inline(__always)
  mutating func end(_ span: ActiveSpan, own: Nanoseconds, total: Nanoseconds, isTopLevel: Bool) {
    census.end(span, own: own, total: total, isTopLevel: isTopLevel)
    // Without a branch, which would be foretold wrongly as often as not.
    let isWorse = own > worst.own
    worst.index = isWorse ? span.counts : worst.index
    worst.own = isWorse ? own : worst.own
  }

  /// The pass as a stall, should it be one, with the spans that are still open in it; the witness knows the thread.
  func stall(
    at now: Instant, ended: Bool, open: SpanStack, threshold: Nanoseconds, loop: LoopID, sites: SiteStatistics,
    _ witness: CPUWitness
  ) -> StallRecord? {
    let duration = now - began
    guard duration > threshold else { return nil }
    var worst = worst.own < .zero ? nil : Culprit(sites.counts[Int(worst.index)], worst.own)
    for (span, own) in zip(open.spans, open.isEmpty ? [] : open.ownTimes(at: now)) where own > worst?.own ?? .zero {
      worst = Culprit(site: span.site, kind: span.kind, own: own)
    }
    let cause = witness.testimony(from: began, to: now)?.cause(threshold: threshold) ?? .unknown
    let why = census.overrun(duration, worst: worst?.own ?? .zero, threshold: threshold)
    return StallRecord(
      loop: loop, began: began, duration: duration, ended: ended, worst: worst, callbacks: callbacks, cause: cause,
      // Callbacks that would have been through in time, had there been a CPU, are not too many.
      why: why == .manyCallbacks && cause == .cpuWait ? .other : why,
      heaviest: census.heaviest.map { (sites.counts[Int($0.index)].site, $0.own, $0.count) })
  }
}
