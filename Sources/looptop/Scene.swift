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
  /// The begin of all, whatever part is shown.
  private var origin: Instant

  /// How long something is read before keys are looked at again.
  private static let reading = Nanoseconds.milliseconds(25)
  /// How long one waits for the first screen: what is short is there at once, and not in pieces.
  private static let patience = Nanoseconds.milliseconds(300)
  /// How often what is being read is reported on.
  private static let reporting = Nanoseconds.milliseconds(250)

  init(_ study: Study, _ recording: Recording?) throws(Failure) {
    self.study = study
    self.recording = recording
    lens = Lens(study.store)
    detective = Detective(study.store)
    overview = recording == nil ? study.store.overview(slices: 2_048) : nil
    if recording == nil { try study.advance(for: Scene.patience) } else { try Scene.takeIn(recording, study) }
    snapshot = Snapshot(study, recording == nil && !study.isRead ? overview : nil)
    origin = snapshot.report.trace.from
    reported = ll_monotonic()
  }

  /// Whether more comes by itself.
  var isLive: Bool { study.isLive }

  /// Whether there is something to read on, with nobody to wait for.
  var isReading: Bool { isReadingFile || part?.study.isRead == false || detective.isBusy }

  private var isReadingFile: Bool { recording == nil && !study.isRead }

  /// The loops' newest moment.
  var now: Instant { snapshot.report.trace.to }

  /// Takes in what is new, or more of what is read.
  func advance() throws(Failure) {
    var hasChanged = false
    if isReadingFile {
      try study.advance(for: Scene.reading)
      hasChanged = true
    } else if let recording {
      let wasLive = study.isLive
      try Scene.takeIn(recording, study)
      hasChanged = wasLive || study.isLive
    }
    if let part, !part.study.isRead {
      try part.study.advance(for: Scene.reading)
      report(on: part.study, isDone: part.study.isRead)
    } else if part == nil, hasChanged {
      report(on: study, isDone: !isReadingFile)
    }
    if detective.isBusy { try investigate() }
  }

  private static func takeIn(_ recording: Recording?, _ study: Study) throws(Failure) {
    recording?.poll()
    let isFinished = recording?.isFinished == true
    guard study.isLive || !isFinished else { return }
    try study.advance()
    study.isLive = !isFinished
  }

  /// Takes note of what is known; of something that is being read only now and then, for that takes its time.
  private func report(on study: Study, isDone: Bool) {
    guard isDone || ll_monotonic() - reported > Scene.reporting.count else { return }
    snapshot = Snapshot(study, isReadingFile ? overview : nil, in: part?.range)
    reported = ll_monotonic()
    if part == nil { origin = snapshot.report.trace.from }
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
    do throws(TraceError) {
      return try lens.find(step, of: loop, from: time)
    } catch {
      throw .trace(error)
    }
  }
}
