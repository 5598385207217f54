import Analysis
import Screens
import Trace
import TraceStore

/// What is known of a study at a moment, to make screens from until there is more.
struct Snapshot {
  private(set) var report: Report
  private let timeline: Timeline
  private let source: ScreenInput.Source
  private let progress: Double?
  private let study: Study
  /// What the headers say of what was not read yet.
  private let overview: Overview?

  private let range: ClosedRange<Instant>?

  /// What a study knows, with what the headers say where it has not read all; of a part, that part's time is all.
  init(_ study: Study, _ overview: Overview?, in range: ClosedRange<Instant>? = nil) {
    self.range = range
    self.study = study
    report = study.report
    timeline = study.timeline
    source = study.isLive ? .live : .replay
    if let range {
      (report.trace.from, report.trace.to) = (range.lowerBound, range.upperBound)
      (self.overview, progress) = (nil, study.progress)
      return
    }
    guard let overview, let first = overview.slices.first, let last = overview.slices.last else {
      (self.overview, progress) = (nil, nil)
      return
    }
    self.overview = overview
    progress = min(1, Double(report.trace.events) / Double(max(1, overview.events)))
    report.trace.from = first.from
    report.trace.to = max(report.trace.to, last.to)
  }

  /// Up to when what is still open is known to be.
  private var now: Instant? { source == .live ? report.trace.to : nil }

  /// What a screen of that size is drawn from.
  func input(
    _ state: ScreenState, _ size: Size, _ glyphs: Glyphs, _ lens: Lens, _ detective: Detective
  ) throws(TraceError) -> ScreenInput {
    let wanted = state.wanted(report, source: source, size: size)
    var busy = BusyShares(timeline, of: report.loops, in: wanted.slices)
    if let overview { busy.fill(from: overview) }
    var window: LoopWindow?
    var moment: LoopMoment?
    if let loop = wanted.loop {
      if let slices = wanted.window { window = try lens.window(of: loop, slices, until: now) }
      if let time = wanted.moment { moment = try lens.moment(of: loop, at: time) }
    }
    // What was decoded is finer than what is kept of all.
    var figures = Figures(timeline, of: report.loops, from: wanted.figures.from, to: wanted.figures.to)
    if let window, window.from == wanted.slices.from, window.length == wanted.slices.length {
      busy.fill(from: window)
      figures = Figures(window) ?? figures
    }
    var input = ScreenInput(
      report: report, busy: busy, source: source, glyphs: glyphs, figures: figures, window: window, moment: moment,
      progress: progress)
    input.range = range
    if let (site, kind) = wanted.durations { input.durations = study.analyzer.durations(of: site, kind) }
    (input.answer, input.looking) = detective.answer(about: wanted.inquiry)
    return input
  }
}

extension BusyShares {
  fileprivate mutating func fill(from window: LoopWindow) {
    shares[window.loop] = window.slices.map { slice in
      let all = slice.busy + slice.idle
      return all > .zero ? Double(slice.busy.count) / Double(all.count) : nil
    }
  }

  /// What nothing is known of gets all loops' share from the chunks' headers.
  fileprivate mutating func fill(from overview: Overview) {
    guard let first = overview.slices.first, first.to > first.from else { return }
    let length = (first.to - first.from).count
    for (loop, known) in shares {
      shares[loop] = known.enumerated().map { index, share in
        if let share { return share }
        let moment = slices.from + Nanoseconds(slices.length.count &* Int64(index) + slices.length.count / 2)
        let place = Int((moment - first.from).count / length)
        return overview.slices.indices.contains(place) ? overview.slices[place].share : nil
      }
    }
  }
}
