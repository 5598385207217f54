import Analysis
import Trace

// Moving in time.
extension ScreenState {
  mutating func travel(_ command: Command, _ input: ScreenInput, _ size: Size) {
    let (trace, isLive, columns) = (input.report.trace, input.source == .live, Self.columns(size, input.report))
    func move(_ distance: Int) { time.move(by: Int64(distance), trace, isLive: isLive, columns: columns) }
    switch command {
    case .earlier: move(-1)
    case .later: move(1)
    case .muchEarlier: move(-max(1, columns / 10))
    case .muchLater: move(max(1, columns / 10))
    case .zoomIn: time.zoom(closer: true, trace, isLive: isLive, columns: columns)
    case .zoomOut: time.zoom(closer: false, trace, isLive: isLive, columns: columns)
    case .zoomAll: time.showAll()
    case .begin: time.go(to: trace.from, trace, isLive: isLive, columns: columns)
    default: time.follow()
    }
  }

  mutating func step(_ command: Command, _ input: ScreenInput) -> Effect? {
    guard let loop = loop(input.report) else {
      say("no loop is known yet")
      return nil
    }
    let step: Step =
      switch command {
      case .nextCallback: .nextCallback
      case .previousCallback: .previousCallback
      case .nextTick: .nextTick
      default: .previousTick
      }
    return .find(step, loop, from: time.cursor ?? input.report.trace.to)
  }

  /// Goes to the moment that a step led to; `nil` where there is none.
  public mutating func arrive(at moment: Instant?, input: ScreenInput, size: Size) {
    guard let moment else {
      isPlaying = false
      return say("there is none further on in what is recorded")
    }
    let input = shown(input)
    time.go(to: moment, input.report.trace, isLive: input.source == .live, columns: Self.columns(size, input.report))
  }

  /// One step of what plays by itself; to be called a few times a second while `isPlaying`.
  public mutating func play(input: ScreenInput, size: Size) -> Effect? {
    let input = shown(input)
    if view == .loop { return step(.nextCallback, input) }
    guard let cursor = time.cursor, cursor < input.report.trace.to else {
      isPlaying = false
      return nil
    }
    travel(.later, input, size)
    return nil
  }

  mutating func chooseNextLoop(_ report: Report) {
    let loops = report.loops
    guard let index = loops.firstIndex(where: { $0.info.id == loop(report) }) else { return }
    let next = loops[(index + 1) % loops.count].info
    chosenLoop = next.id
    say("loop \(next.id.number), \(next.name)")
  }

  /// Shows the stall after or before the moment looked at, with some time around it.
  mutating func goToStall(_ distance: Int, _ input: ScreenInput, _ size: Size) {
    let trace = input.report.trace
    let cursor = time.cursor ?? (distance > 0 ? trace.from - Nanoseconds(1) : trace.to)
    let stalls = input.report.stalls
    let next =
      distance > 0
      ? stalls.filter { $0.began > cursor }.min { $0.began < $1.began }
      : stalls.filter { $0.began + $0.duration < cursor }.max { $0.began < $1.began }
    guard let next else { return say(distance > 0 ? "no later stall" : "no earlier stall") }
    let margin = Nanoseconds(max(1, next.duration.count / 2))
    let columns = Self.columns(size, input.report)
    chosenLoop = next.loop
    time.show(max(trace.from, next.began - margin), next.began + next.duration + margin, columns: columns)
    time.go(
      to: next.began + Nanoseconds(next.duration.count / 2), trace, isLive: input.source == .live, columns: columns)
    lists[.stalls, default: ListState()].selection = ListState.Selection(thing: next.thing, row: 0)
  }

  // MARK: A range of time

  mutating func beginOrEndRange(_ input: ScreenInput) {
    let here = time.cursor ?? input.report.trace.to
    guard let begin = rangeBegin.take() else {
      rangeBegin = here
      return say("a range begins at \(clock(here - input.origin)); go to its end, and press v again")
    }
    guard begin != here else { return say("the range has no length: there is nothing in it") }
    restrict(to: min(begin, here)...max(begin, here), input)
  }

  /// Shows some time only, in every view, as if there were no other.
  mutating func restrict(to wanted: ClosedRange<Instant>, _ input: ScreenInput) {
    let trace = input.report.trace
    let range = max(trace.from, wanted.lowerBound)...min(trace.to, max(wanted.upperBound, trace.from))
    guard range.lowerBound < range.upperBound else { return say("nothing is recorded of that time") }
    if self.range == nil { outside = time }
    (self.range, time, frozen, rangeBegin) = (range, TimeState(), nil, nil)
    say("every view shows this time only; V or Esc shows all again")
  }

  mutating func showWholeTime() {
    rangeBegin = nil
    guard range.take() != nil else { return }
    time = outside
  }

  /// Restricts every view to a stretch of the timeline, given by two of the screen's columns.
  mutating func select(columns from: Int, _ to: Int, input: ScreenInput, size: Size) {
    let input = shown(input)
    let labelWidth = TimelinePicture.labelWidth(input.report, width: size.width)
    let slices = time.slices(
      of: input.report.trace, isLive: input.source == .live, columns: Self.columns(size, input.report))
    func moment(_ column: Int) -> Instant {
      slices.from + Nanoseconds(slices.length.count &* Int64(max(0, column - labelWidth)))
    }
    let (first, last) = (moment(min(from, to)), moment(max(from, to) + 1))
    if from == to {
      time.go(to: first, input.report.trace, isLive: input.source == .live, columns: Self.columns(size, input.report))
    } else {
      restrict(to: first...last, input)
    }
  }
}
