import Trace

/// What is known about a trace at a moment: a value that the screens draw and the reports print.
///
/// Every list is in the order in which a person wants to read it, worst first. An optional that is `nil` was not
/// measured; it is never a guess.
public struct Report: Hashable, Sendable {
  /// The trace as a whole.
  public var trace: TraceSummary
  /// The traced processes, in the order in which they were found.
  public var processes: [ProcessInfo]
  /// The loops, by number.
  public var loops: [LoopReport]
  /// Spans begun, over all loops.
  public var callbacks: UInt64
  /// Callbacks by site and kind: still running and slow first, then those that were slow, by harm up to, by harm, by
  /// total self time.
  public var sites: [SiteReport]
  /// Intervals without a poll: still going on first, then by harm up to, by harm, the longest first. At most
  /// `Report.stallLimit`, the longest ones.
  public var stalls: [Stall]
  /// How many stalls there were, kept or not.
  public var stallCount: UInt64
  /// Operations by how they ended.
  public var operations: OperationCounts
  /// Chains by state.
  public var chains: ChainCounts
  /// Chains: stalled first, then in flight by age, then the slowest that ended. At most `Report.chainLimit`.
  public var chainList: [ChainReport]
  /// What is wrong, worst first.
  public var findings: [Finding]
  /// What the trace contradicts itself in, by name, with how often.
  public var anomalies: [Anomaly: UInt64]

  /// The chains that scripts are told of, with who made them wait: all of the list that have not ended, and the slowest
  /// twenty that have.
  public var toldChains: [ChainReport] {
    let ended = chainList.firstIndex { $0.state == .completed || $0.state == .failed } ?? chainList.count
    return Array(chainList.prefix(ended + 20))
  }

  /// How many stalls a report lists.
  public static let stallLimit = 1_000
  /// How many chains a report lists.
  public static let chainLimit = 1_000
}

/// The trace as a whole.
public struct TraceSummary: Hashable, Sendable {
  /// The first event's time.
  public var from: Instant
  /// The last event's time; for a live trace the moment of the report.
  public var to: Instant
  /// Wall time of `from`, in nanoseconds since 1970, where an anchor gives it.
  public var startedAt: Int64?
  /// Events read.
  public var events: UInt64
  /// Events known to be missing, by loop; at most the first thousand.
  public var gaps: [LoopGap]
  /// How many gaps there were, kept or not.
  public var gapCount: UInt64
  /// Whether nothing is missing and the trace was closed in good order.
  public var complete: Bool
}

/// A gap and its loop.
public struct LoopGap: Hashable, Sendable {
  /// The loop.
  public var loop: LoopID
  /// What is missing.
  public var gap: Gap
}

/// Percentiles of a length of time.
public struct Percentiles: Hashable, Sendable {
  /// How many were measured.
  public var count: UInt64
  /// The median.
  public var p50: Nanoseconds
  /// The 90th percentile.
  public var p90: Nanoseconds
  /// The 99th percentile.
  public var p99: Nanoseconds
  /// The longest.
  public var max: Nanoseconds
}

/// One loop over the trace.
public struct LoopReport: Hashable, Sendable {
  /// Who it is.
  public var info: LoopInfo
  /// Whether it ended in good order.
  public var ended: Bool
  /// Passes of the loop, the open one not counted.
  public var ticks: UInt64
  /// Time outside the poll.
  public var busy: Nanoseconds
  /// Time inside the poll.
  public var idle: Nanoseconds
  /// CPU time of its thread over the trace, where it was recorded.
  public var onCPU: Nanoseconds?
  /// Spans begun.
  public var callbacks: UInt64
  /// Durations of ticks; `nil` without any.
  public var tick: Percentiles?
  /// Queue delays of timers; `nil` without any.
  public var lag: Percentiles?
  /// Queue delays of all callbacks that were queued, due or polled; `nil` without any.
  public var queueDelay: Percentiles?
  /// Where the time of those delays went, to the nanosecond.
  public var delayShares: DelayShares
  /// What runs at the report's moment, outermost first; empty in the poll.
  public var running: [RunningSpan]

  /// busy / (busy + idle), 0 … 1; `nil` while nothing was measured.
  public var utilization: Double? {
    let all = busy + idle
    return all > .zero ? Double(busy.count) / Double(all.count) : nil
  }
}

/// A span that has begun and not ended.
public struct RunningSpan: Hashable, Sendable {
  /// Its site.
  public var site: Site
  /// What sort of callback it is.
  public var kind: CallbackKind
  /// When it began.
  public var began: Instant
}

/// The callbacks of one site and kind.
public struct SiteReport: Hashable, Sendable {
  /// The place.
  public var site: Site
  /// What sort of callback.
  public var kind: CallbackKind
  /// Spans begun.
  public var count: UInt64
  /// Wall time of its spans, with what was nested in them; of a running span up to now.
  public var total: Nanoseconds
  /// Wall time less that of nested spans.
  public var own: Nanoseconds
  /// Median of the spans' self times; `nil` while none has ended.
  public var p50: Nanoseconds?
  /// 99th percentile of the spans' self times; `nil` while none has ended.
  public var p99: Nanoseconds?
  /// The longest self time.
  public var max: Nanoseconds
  /// Spans whose self time exceeded the slow threshold.
  public var slow: UInt64
  /// Self time of the slow spans.
  public var slowOwn: Nanoseconds
  /// Spans that ended by throwing.
  public var threw: UInt64
  /// The time since its begin of a span that is still running.
  public var runningFor: Nanoseconds?
  /// Blame that its spans got: how long callbacks of other chains that were ready for certain waited while one of them ran,
  /// summed over the callbacks.
  public var harm: Nanoseconds
  /// Blame counted from the earliest moment that the victims may have been ready.
  public var harmUpTo: Nanoseconds
  /// How many callbacks of other chains waited, or may have waited, while one of them ran.
  public var victims: UInt64
  /// The worst spans, longest self time first, at most ten.
  public var worst: [Instance]

  /// One span of the site.
  public struct Instance: Hashable, Sendable {
    /// Its loop.
    public var loop: LoopID
    /// When it began.
    public var began: Instant
    /// Its self time.
    public var own: Nanoseconds
    /// Whether it was still running at the report's moment.
    public var running: Bool
  }
}

/// An interval longer than the slow threshold in which a loop did not reach its poll.
public struct Stall: Hashable, Sendable {
  /// The loop.
  public var loop: LoopID
  /// The poll's return, or the first moment known.
  public var began: Instant
  /// Up to the next poll, or to now.
  public var duration: Nanoseconds
  /// Whether the loop has reached its poll since.
  public var ended: Bool
  /// The site of the span with the largest self time in it.
  public var site: Site
  /// What sort of callback that was.
  public var kind: CallbackKind
  /// That span's self time.
  public var own: Nanoseconds
  /// Spans that ran in it.
  public var callbacks: UInt64
  /// Why, where it was sampled or can be told from CPU time.
  public var cause: Cause
  /// What the cause is about: the system call and its file, the lock's holder.
  public var detail: String?
  /// The blocked thread's stack where it was sampled, innermost first.
  public var stack: [String]
  /// How many callbacks of other chains waited, or may have waited, while one of its spans ran.
  public var victims: UInt64
  /// Blame that its spans got.
  public var harm: Nanoseconds
  /// Blame counted from the earliest moment that the victims may have been ready.
  public var harmUpTo: Nanoseconds

  /// Why a loop stood still.
  public enum Cause: String, CaseIterable, Sendable {
    /// It computed.
    case computing
    /// It was in a system call.
    case syscall
    /// It waited for a lock.
    case lock
    /// It waited for a CPU.
    case cpuWait = "cpu-wait"
    /// It waited for pages.
    case pageFault = "page-fault"
    /// The machine was suspended.
    case suspended
    /// Not measured.
    case unknown
  }
}

/// Operations by how they ended.
public struct OperationCounts: Hashable, Sendable {
  /// All that were created or found open.
  public var created: UInt64
  /// Settled with a value.
  public var succeeded: UInt64
  /// Settled with an error.
  public var failed: UInt64
  /// Cancelled.
  public var cancelled: UInt64
  /// Released unsettled.
  public var dropped: UInt64
  /// Unsettled at the report's moment, standing ones included.
  public var pending: UInt64
}

/// Chains by state; `waiting` and `stalled` are part of `inFlight`.
public struct ChainCounts: Hashable, Sendable {
  /// Ended without a failure.
  public var completed: UInt64
  /// Ended with a failure that was nobody's to handle.
  public var failed: UInt64
  /// With an unsettled operation that is not standing.
  public var inFlight: UInt64
  /// In flight, nothing running or queued, but with a live source.
  public var waiting: UInt64
  /// In flight, silent for longer than the threshold, and without a live source.
  public var stalled: UInt64
}

/// One chain.
public struct ChainReport: Hashable, Sendable {
  /// Its id.
  public var id: ChainID
  /// The name that the program gave it.
  public var name: String?
  /// The site of its first callback.
  public var site: Site
  /// When it began.
  public var began: Instant
  /// To its end, or to now.
  public var duration: Nanoseconds
  /// Time in which one of its callbacks ran.
  public var running: Nanoseconds
  /// Time in which one was ready for certain and none ran.
  public var queued: Nanoseconds
  /// The rest of its time.
  public var waiting: Nanoseconds
  /// What it is doing.
  public var state: State
  /// What it waits for, followed to the leaf.
  public var waitingOn: PendingOperation?
  /// The way there: an operation of its own, what that waits for, and so on to the leaf; empty where it waits for nothing.
  public var waitingThrough: [PendingOperation] = []
  /// Which of them the last one waits for in turn: a circle that nobody leaves.
  public var waitingCycle: Int?
  /// Its callbacks in order, at most the last `ChainReport.stepLimit`.
  public var steps: [Step]

  /// How many steps of a chain are kept.
  public static let stepLimit = Int(StepStore.Place.limit)

  /// What a chain is doing.
  public enum State: String, CaseIterable, Sendable {
    /// One of its callbacks runs.
    case running
    /// One is ready.
    case queued
    /// It waits, and somebody is known who will wake it.
    case waiting
    /// It waits, for longer than the threshold, and nobody is known who will wake it.
    case stalled
    /// It ended.
    case completed
    /// It ended with an unhandled failure.
    case failed
  }

  /// One callback of a chain.
  public struct Step: Hashable, Sendable {
    /// Its site.
    public var site: Site
    /// What sort of callback it was.
    public var kind: CallbackKind
    /// When it was certainly ready; `nil` for one that ran inside the callback that fired it.
    public var ready: Instant?
    /// When it began.
    public var began: Instant
    /// Its wall time; to now while it runs.
    public var duration: Nanoseconds
    /// How deeply nested within the chain's other spans.
    public var depth: Int
  }
}

/// An operation that is unsettled at the report's moment.
public struct PendingOperation: Hashable, Sendable {
  /// Its id.
  public var id: OperationID
  /// What sort of thing is pending.
  public var kind: OperationKind
  /// Where it was created.
  public var site: Site
  /// When it was created.
  public var created: Instant
  /// When it is due.
  public var due: Instant?
  /// What its descriptor is, where it has one and that was said.
  public var label: String?
}

/// How bad a finding is.
public enum Severity: String, CaseIterable, Comparable, Sendable {
  /// Explained by another finding, or merely worth knowing.
  case info
  /// Something makes others late.
  case warning
  /// Something hangs or will never come.
  case error

  /// Info before warning before error.
  public static func < (a: Severity, b: Severity) -> Bool {
    allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
  }
}

/// Something that is wrong, with its evidence.
public struct Finding: Hashable, Sendable {
  /// The name, `blocking-callback`.
  public var id: String
  /// How bad.
  public var severity: Severity
  /// Where in the code.
  public var site: Site
  /// What is wrong with this one, with its numbers.
  public var sentence: String
  /// What to do about it.
  public var advice: String
  /// How many instances it stands for.
  public var count: UInt64
  /// The id of the finding that explains it.
  public var causedBy: String?
  /// The numbers in the sentence, by name; lengths of time in nanoseconds.
  public var numbers: [String: Int64]
  /// Where it can be seen.
  public var loop: LoopID
  /// When it can be seen.
  public var moment: Instant
}
