import Analysis
import CLinux
import Screens
import Trace
import TraceStore

/// What screens are made from: a study, the part of it that one is restricted to, and what was looked into for details.
final class Scene {
  private let study: Study
  /// What feeds the study, where it is live.
  private let recording: Recording?
  private let lens: Lens
  private let detective: Detective
  /// What the headers say of a file that is still being read.
  private let overview: Overview?
  /// The time that one is restricted to, studied by itself.
  private var part: (range: ClosedRange<Instant>, study: Study)?
  private var snapshot: Snapshot
  /// When that was made.
  private var reported: Int64
  /// Events that have come since.
  private var arrived = 0
  /// Whether so much comes that rings have to be read more often than screens are painted.
  private(set) var isFlooded = false
  private static let flood = 1 << 14
  /// The begin of all, whatever part is shown.
  private var origin: Instant

  /// How long something is read before keys are looked at again.
  private static let reading = Nanoseconds.milliseconds(8)
  /// How long one looks for what is known of a moment, before the rest has to wait for the next time.
  private static let looking = Nanoseconds.milliseconds(8)
  /// How long one waits for the first screen: what is short is there at once, and not in pieces.
  private static let patience = Nanoseconds.milliseconds(300)
  /// How often what is being read is reported on.
  private static let reporting = Nanoseconds.milliseconds(250)

  init(_ study: Study, _ recording: Recording?) throws(Failure) {
    self.study = study
    self.recording = recording
    lens = Lens(study.store, patience: Scene.looking)
    detective = Detective(study.store)
    overview = recording == nil ? study.store.overview(slices: 2_048) : nil
    if recording == nil { try study.advance(for: Scene.patience) }
    snapshot = Snapshot(study, recording == nil && !study.isRead ? overview : nil)
    origin = snapshot.report.trace.from
    reported = ll_monotonic()
  }

  /// Whether more comes by itself.
  var isLive: Bool { study.isLive }

  /// Whether there is something to read on, with nobody to wait for.
  var isReading: Bool { isReadingFile || part?.study.isRead == false || detective.isBusy || lens.isBehind }

  private var isReadingFile: Bool { recording == nil && !study.isRead }

  /// The loops' newest moment.
  var now: Instant { snapshot.report.trace.to }

  /// Takes in what is new, or more of what is read; returns whether the screen may look different.
  func advance() throws(Failure) -> Bool {
    var hasChanged = detective.isBusy || lens.isBehind
    if isReadingFile {
      try study.advance(for: Scene.reading)
      if part == nil, study.isRead || isDue(Scene.reporting) { hasChanged = report(on: study) }
    } else if let recording, try takeIn(recording), part == nil {
      hasChanged = report(on: study)
    }
    if let part, !part.study.isRead {
      try part.study.advance(for: Scene.reading)
      if part.study.isRead || isDue(Scene.reporting) { hasChanged = report(on: part.study) }
    }
    if detective.isBusy { try investigate() }
    return hasChanged
  }

  /// How often something live is shown anew, and where little comes or nothing: it still grows older.
  private static let (interval, idleInterval) = (Nanoseconds.milliseconds(100), Nanoseconds.milliseconds(500))
  /// So many events are worth a screen sooner: a program that does little else than poll brings some hundreds.
  private static let little = 4_096

  /// Takes in what has come; returns whether that is to be shown now.
  private func takeIn(_ recording: Recording) throws(Failure) -> Bool {
    arrived += recording.poll()
    isFlooded = arrived > Scene.flood
    let wasLive = study.isLive
    study.isLive = !recording.isFinished
    guard wasLive || study.isLive else { return false }
    if wasLive != study.isLive { return true }
    guard isDue(arrived < Scene.little ? Scene.idleInterval : Scene.interval) else { return false }
    arrived = 0
    return true
  }

  private func isDue(_ interval: Nanoseconds) -> Bool { ll_monotonic() - reported >= interval.count }

  /// Takes note of what is known.
  private func report(on study: Study) -> Bool {
    snapshot = Snapshot(study, isReadingFile ? overview : nil, in: part?.range)
    reported = ll_monotonic()
    if part == nil { origin = snapshot.report.trace.from }
    return true
  }

  private func investigate() throws(Failure) {
    do throws(TraceError) {
      try detective.advance(for: Scene.reading)
    } catch {
      throw .trace(error)
    }
  }

  /// What a screen of that size is drawn from.
  func input(_ state: ScreenState, _ size: Size, _ glyphs: Glyphs) throws(Failure) -> ScreenInput {
    if state.range != part?.range { try restrict(to: state.range) }
    if recording != nil { try study.refresh() }
    lens.begin()
    do throws(TraceError) {
      var input = try snapshot.input(state, size, glyphs, lens, detective)
      input.origin = origin
      input.recording = recording?.status(at: now)
      return input
    } catch {
      throw .trace(error)
    }
  }

  private func restrict(to range: ClosedRange<Instant>?) throws(Failure) {
    part = range.map { ($0, Study(of: $0, in: study)) }
    try part?.study.advance(for: Scene.reading)
    snapshot = Snapshot(part?.study ?? study, isReadingFile ? overview : nil, in: range)
    reported = ll_monotonic()
  }

  /// The moment that a step leads to; `nil` where there is none.
  func find(_ step: Step, _ loop: LoopID, _ time: Instant) throws(Failure) -> Instant? {
    lens.begin()
    do throws(TraceError) {
      return try lens.find(step, of: loop, from: time)
    } catch {
      throw .trace(error)
    }
  }
}
