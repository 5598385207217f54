import Analysis
import Trace

/// What a screen is drawn from.
public struct ScreenInput: Hashable, Sendable {
  /// What is known of the trace.
  public var report: Report
  /// How busy its loops were, in the slices that `ScreenState.wanted` asked for.
  public var busy: BusyShares
  /// Where it comes from.
  public var source: Source
  /// What characters may be used.
  public var glyphs: Glyphs
  /// The figures of the time that the header speaks of; `nil` where nothing is known of it.
  public var figures: Figures?
  /// The events of the time that `ScreenState.wanted` asked for; `nil` where they are too many to be told apart.
  public var window: LoopWindow?
  /// The loop at the moment that `ScreenState.wanted` asked for.
  public var moment: LoopMoment?
  /// How the durations of the site are distributed that `ScreenState.wanted` asked for.
  public var durations: [DurationCount] = []
  /// What was found about the subject that `ScreenState.wanted` asked for, so far.
  public var answer: Inquiry.Answer?
  /// How much was looked through for it, 0 … 1; `nil` when that is all.
  public var looking: Double?
  /// How much of the trace has been read, 0 … 1; `nil` when that is all of it.
  public var progress: Double?
  /// The only time that the report tells of, where a person chose one.
  public var range: ClosedRange<Instant>?
  /// What times are counted from: the begin of the whole trace.
  public var origin: Instant
  /// What is copied into a file, where something is.
  public var recording: RecordingStatus?

  /// An input from its parts; what is not known is left out.
  public init(
    report: Report, busy: BusyShares, source: Source, glyphs: Glyphs = .unicode, figures: Figures? = nil,
    window: LoopWindow? = nil, moment: LoopMoment? = nil, progress: Double? = nil
  ) {
    self.report = report
    self.busy = busy
    self.source = source
    self.glyphs = glyphs
    self.figures = figures
    self.window = window
    self.moment = moment
    self.progress = progress
    origin = report.trace.from
  }

  /// Where a trace comes from.
  public enum Source: Hashable, Sendable {
    /// It is still being written.
    case live
    /// It is a file.
    case replay
  }
}

/// What is being recorded into a file.
public struct RecordingStatus: Hashable, Sendable {
  /// The file.
  public var file: String
  /// How long it has been recorded.
  public var length: Nanoseconds
  /// The file's bytes by now.
  public var bytes: UInt64

  /// A status from its parts.
  public init(file: String, length: Nanoseconds, bytes: UInt64) {
    self.file = file
    self.length = length
    self.bytes = bytes
  }
}

/// How the loops did over some time, taken together.
public struct Figures: Hashable, Sendable {
  /// How long that time is.
  public var over: Nanoseconds
  /// busy / (busy + idle), 0 … 1; `nil` where nothing is known.
  public var utilization: Double?
  /// Callbacks begun.
  public var callbacks: UInt64
  /// The longest pass of a loop.
  public var longestTick: Nanoseconds

  /// Figures from their parts.
  public init(over: Nanoseconds, utilization: Double?, callbacks: UInt64, longestTick: Nanoseconds) {
    self.over = over
    self.utilization = utilization
    self.callbacks = callbacks
    self.longestTick = longestTick
  }

  /// What a timeline knows of the time from `from` to `to`; `nil` for an empty interval.
  public init?(_ timeline: Timeline, of loops: [LoopReport], from: Instant, to: Instant) {
    guard from < to else { return nil }
    self.init(over: to - from, utilization: nil, callbacks: 0, longestTick: .zero)
    var (busy, idle) = (Nanoseconds.zero, Nanoseconds.zero)
    for slice in loops.flatMap({ timeline.slices(loop: $0.info.id, from: from, to: to, count: 1) }) {
      busy = busy + slice.busy
      idle = idle + slice.idle
      callbacks &+= slice.callbacks
      longestTick = max(longestTick, slice.longestTick)
    }
    if busy + idle > .zero { utilization = Double(busy.count) / Double((busy + idle).count) }
  }
}

extension Figures {
  /// One loop's, exactly, where its events can be told apart; `nil` where they cannot.
  public init?(_ window: LoopWindow) {
    let busy = window.slices.reduce(Nanoseconds.zero) { $0 + $1.busy }
    let known = window.slices.reduce(busy) { $0 + $1.idle }
    guard !window.isDense, known > .zero else { return nil }
    self.init(
      over: known, utilization: Double(busy.count) / Double(known.count),
      callbacks: UInt64(window.spans.filter { $0.began >= window.from }.count),
      longestTick: window.passes.map { ($0.to ?? window.to) - $0.from }.max() ?? .zero)
  }
}

/// What a screen needs to know beside the report: nothing else is worth computing.
public struct Wanted: Hashable, Sendable {
  /// The slices whose busy shares are shown.
  public var slices: TimeSlices
  /// The time that the header's figures are to be of.
  public var figures: (from: Instant, to: Instant) { (figuresFrom, figuresTo) }
  /// The loop that is looked at.
  public var loop: LoopID?
  /// A time whose events are shown one by one, if they can be told apart.
  public var window: TimeSlices?
  /// A moment at which the loop is shown.
  public var moment: Instant?
  /// A site and kind, of whose durations the distribution is shown.
  public var durations: (site: Site, kind: CallbackKind)? {
    guard case .site(let site, let kind)? = details else { return nil }
    return (site, kind)
  }
  /// What is looked into.
  public var inquiry: Inquiry.Subject?
  var details: Thing?
  var figuresFrom: Instant
  var figuresTo: Instant
}
