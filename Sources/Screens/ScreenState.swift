import Analysis
import Trace

/// Where a person is: view, selection, order, moment, pause. A value; changes by commands only.
public struct ScreenState: Hashable, Sendable {
  /// How one came here; what is in front stands last. Never empty.
  var trail = [Front(view: .ticks)]
  var lists: [ListName: ListState] = [:]
  var time = TimeState()
  /// The loop that is looked at, where it was chosen.
  var chosenLoop: LoopID?
  /// What was shown when it was paused.
  var frozen: ScreenInput?
  /// What is being typed.
  var prompt: Prompt?
  /// The tour's stop, while one is on it.
  var tour: Int?
  /// What is marked wherever it stands on the screen; never empty.
  var search: String?
  /// The column in which the timeline was pressed and not let go of yet.
  var drag: Int?
  /// What rows must have to be listed.
  var filter = Filter()
  /// The only time that is shown, in every view.
  public internal(set) var range: ClosedRange<Instant>?
  /// Where a range was begun that has no end yet.
  var rangeBegin: Instant?
  /// How one looked at all of time, to go back to.
  var outside = TimeState()
  /// Things to come back to.
  var marked: Set<Thing> = []
  /// Said in the footer until the next key.
  public internal(set) var message: String?
  /// Whether the moment moves by itself.
  public internal(set) var isPlaying = false

  /// What is in front: a view, or in it the details of something.
  struct Front: Hashable, Sendable {
    var view: View
    var details: Thing?
    /// The first line shown, of details and of the help.
    var top = 0
    /// Which of the lines that lead somewhere is selected.
    var link = 0
  }

  /// The first view, following what comes.
  public init() {}

  var front: Front {
    get { trail[trail.count - 1] }
    set { trail[trail.count - 1] = newValue }
  }

  /// The view in front.
  public var view: View { front.view }

  /// Whether the screen shows what was known when it was paused.
  public var isPaused: Bool { frozen != nil }

  /// Whether a line is being typed: then every key belongs to it.
  public var isTyping: Bool { prompt != nil }

  /// Which commands there are now.
  public var place: Place {
    if front.details != nil { return .details }
    switch view {
    case .help: return .help
    case .loop: return .loop
    case .ticks, .callbacks, .stalls, .chains, .findings: return .list
    }
  }

  /// What is on the screen: the input, or what it was when it was paused, with what is known of the moment looked at.
  func shown(_ input: ScreenInput) -> ScreenInput {
    guard var shown = frozen else { return input }
    shown.busy = input.busy
    shown.figures = input.figures
    shown.window = input.window
    shown.moment = input.moment
    shown.durations = input.durations
    shown.answer = input.answer
    shown.looking = input.looking
    shown.recording = input.recording
    return shown
  }

  /// The loop that is looked at: the one chosen, else that of the worst stall, else the busiest; one that still runs, if
  /// any does.
  func loop(_ report: Report) -> LoopID? {
    if let chosenLoop, report.loops.contains(where: { $0.info.id == chosenLoop }) { return chosenLoop }
    let running = report.loops.filter { !$0.ended }
    let loops = running.isEmpty ? report.loops : running
    let stalled = report.stalls.first { stall in loops.contains { $0.info.id == stall.loop } }
    return stalled?.loop ?? loops.max { $0.busy < $1.busy }?.info.id
  }

  // MARK: What it takes to draw it

  /// What a screen of this size needs to know beside the report.
  public func wanted(_ report: Report, source: ScreenInput.Source, size: Size) -> Wanted {
    let report = frozen?.report ?? report
    let isLive = source == .live
    let slices = time.slices(of: report.trace, isLive: isLive, columns: Self.columns(size, report))
    let end = slices.from + Nanoseconds(slices.length.count &* Int64(slices.count))
    // Live, the last seconds say how it is; in a trace, what is visible does.
    let follows = isLive && time.cursor == nil
    let from = follows ? report.trace.to - Self.recent : slices.from
    let details = detailedTime(size)
    return Wanted(
      slices: slices, loop: details?.loop ?? loop(report), window: details?.slices ?? closeUp(slices),
      moment: wantsMoment ? time.cursor ?? report.trace.to : nil, inquiry: inquiry(report, isLive: isLive),
      details: front.details,
      figuresFrom: max(from, report.trace.from),
      figuresTo: follows ? report.trace.to : min(end, report.trace.to))
  }

  /// How long ago counts as now.
  static let recent = Nanoseconds.seconds(5)

  /// Columns that a timeline of all loops has on a screen of that size.
  static func columns(_ size: Size, _ report: Report) -> Int {
    max(1, size.width - TimelinePicture.labelWidth(report, width: size.width))
  }

  private var wantsMoment: Bool {
    front.details == nil && (view == .loop || view == .ticks && time.cursor != nil)
  }

  /// The visible time, where it was zoomed into.
  private func closeUp(_ slices: TimeSlices) -> TimeSlices? {
    view == .ticks && front.details == nil && time.zoom != nil ? slices : nil
  }

  /// The time that the details in front are about, in the columns of a screen of that size.
  func detailedTime(_ size: Size) -> (loop: LoopID, slices: TimeSlices)? {
    guard case .tick(let loop, let from, let to)? = front.details else { return nil }
    let columns = max(1, size.width - TimelinePicture.scaleWidth)
    let length = max(1, (to - from).count / Int64(columns) + 1)
    return (loop, TimeSlices(from: from, length: Nanoseconds(length), count: columns))
  }
}

/// What the caller has to do for a command.
public enum Effect: Hashable, Sendable {
  /// Leave.
  case quit
  /// Paint every cell, whatever the terminal is thought to show.
  case redraw
  /// Find the step's moment in the loop's events and give it to `ScreenState.arrive`.
  case find(Step, LoopID, from: Instant)
  /// Put a text into the terminal's clipboard.
  case copy(String)
  /// Begin to record into a file, or end it, and give what became of it to `ScreenState.say`.
  case record
  /// Write lines to a file, and give what became of it to `ScreenState.say`.
  case write([String])
}

/// A step from one moment to another.
public enum Step: Hashable, Sendable {
  /// To the next callback's begin.
  case nextCallback
  /// To the begin of the callback before.
  case previousCallback
  /// To the next pass's begin.
  case nextTick
  /// To the begin of the pass before.
  case previousTick
}
