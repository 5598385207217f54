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

  /// A reading of the thread's CPU time, and of how often it had left its CPU of its own accord.
  struct Reading {
    var time: Instant
    var cpu: Nanoseconds
    var voluntarySwitches: UInt32
    var involuntarySwitches: UInt32
  }

  private var began = Instant(0)
  /// The span with the largest self time, by index into the counts of sites; none while its time is negative.
  private var worst: (index: Int32, own: Nanoseconds) = (0, Nanoseconds(-1))
  /// What ran in the pass.
  var census = PassCensus()
  private(set) var callbacks: UInt64 = 0
  /// The last reading ahead of the pass, and the last within it.
  private var before: Reading?
  private var within: Reading?
  /// Polls since the former in which the thread left its CPU, and such that were so short that it may not have.
  private var waits: (certain: Int32, likely: Int32) = (0, 0)

  /// A poll returns that has waited, for certain or probably: a pass is to begin.
  mutating func countWait(isCertain: Bool) {
    forgetPass()
    if isCertain { waits.certain &+= 1 } else { waits.likely &+= 1 }
  }

  /// A pass begins.
  mutating func begin(at time: Instant) {
    began = time
    worst = (0, Nanoseconds(-1))
    callbacks = 0
    census.begin()
    forgetPass()
  }

  /// The last reading in the pass that is over is the last one ahead of the next.
  private mutating func forgetPass() {
    guard let within else { return }
    before = within
    self.within = nil
    waits = (0, 0)
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

  /// The thread's CPU time was read.
  mutating func read(_ reading: Reading) {
    // One ahead of the pass's first span stands at its begin.
    guard callbacks == 0 || before == nil else { return within = reading }
    before = reading
    waits = (0, 0)
  }

  /// The pass as a stall, should it be one, with the spans that are still open in it.
  func stall(
    at now: Instant, ended: Bool, open: SpanStack, threshold: Nanoseconds, loop: LoopID, sites: SiteStatistics
  ) -> StallRecord? {
    let duration = now - began
    guard duration > threshold else { return nil }
    var worst = worst.own < .zero ? nil : Culprit(sites.counts[Int(worst.index)], worst.own)
    for (span, own) in zip(open.spans, open.isEmpty ? [] : open.ownTimes(at: now)) where own > worst?.own ?? .zero {
      worst = Culprit(site: span.site, kind: span.kind, own: own)
    }
    let cause = cause(until: now, threshold: threshold)
    let why = census.overrun(duration, worst: worst?.own ?? .zero, threshold: threshold)
    return StallRecord(
      loop: loop, began: began, duration: duration, ended: ended, worst: worst, callbacks: callbacks, cause: cause,
      // Callbacks that would have been through in time, had there been a CPU, are not too many.
      why: why == .manyCallbacks && cause == .cpuWait ? .other : why,
      heaviest: census.heaviest.map { (sites.counts[Int($0.index)].site, $0.own, $0.count) })
  }

  /// What readings around the stall leave no other explanation for.
  private func cause(until end: Instant, threshold: Nanoseconds) -> Stall.Cause {
    guard let before, let within else { return .unknown }
    let covered = min(within.time, end) - max(before.time, began)
    guard covered.count > (end - began).count / 5 * 4 else { return .unknown }
    // All CPU time between the readings that can have been used outside of the stall is taken to have been.
    let most = within.cpu - before.cpu
    let certain = most - (within.time - before.time - covered)
    if certain.count > covered.count / 5 * 4 { return .computing }
    // Who never leaves the CPU of his own accord computes, or waits for it.
    guard stayed(from: before, to: within) else { return .unknown }
    if certain > threshold { return .computing }
    return most + (end - began - covered) <= threshold ? .cpuWait : .unknown
  }

  /// Whether the thread left its CPU of its own accord in polls only. One who sleeps is not put off it again: where
  /// that happened, short polls are believed to have waited.
  private func stayed(from before: Reading, to within: Reading) -> Bool {
    let voluntary = Int32(bitPattern: within.voluntarySwitches &- before.voluntarySwitches)
    let isContested = within.involuntarySwitches &- before.involuntarySwitches >= 2
    return voluntary <= waits.certain + (isContested ? waits.likely : 0)
  }
}
