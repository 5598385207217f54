import Analysis
import CLinux
import Glibc
import Screens
import Terminal
import Trace

/// A study on the screen, until somebody quits.
struct Viewer {
  private let study: Study
  private let lens: Lens
  private let detective: Detective
  /// What feeds the study, where it is live.
  private let recording: Recording?

  private let look: Terminal.Look

  init(_ study: Study, recording: Recording?, _ options: ScreenOptions) throws(Failure) {
    self.study = study
    look = try options.look()
    self.recording = recording
    lens = Lens(study.store)
    detective = Detective(study.store)
  }

  /// Refuses before anything is started that nobody could see.
  static func requireTerminal() throws(Failure) {
    do throws(TerminalError) {
      try Terminal.check()
    } catch {
      throw .terminal(error)
    }
  }

  /// How often what is live is looked at, and what plays moves on.
  private static let interval = Duration.milliseconds(100)
  /// What is not live changes by keys only.
  private static let longInterval = Duration.seconds(3_600)
  /// How long a file is read before keys are looked at again.
  private static let reading = Nanoseconds.milliseconds(25)
  /// How long one waits for the first screen.
  private static let patience = Nanoseconds.milliseconds(300)
  /// How often what is being read is reported on.
  private static let reporting = Nanoseconds.milliseconds(250)

  private var isReading: Bool { !study.isLive && recording == nil && !study.isRead }

  /// Shows it until a key or a signal ends it, with a tour at first if that is wanted.
  ///
  /// - Throws: `Failure`, or the exit code that a signal asks for.
  func run(tour: Bool = false) throws {
    // What is short is there at once, and not in pieces.
    try advance(reading: Viewer.patience)
    var terminal = try Viewer.open(look)
    var state = ScreenState()
    let overview = recording == nil ? study.store.overview(slices: 2_048) : nil
    var snapshot = Snapshot(study, isReading ? overview : nil)
    var reported = ll_monotonic()
    var input = try input(snapshot, state, terminal)
    if tour {
      state.beginTour(input: input, size: terminal.size)
      input = try self.input(snapshot, state, terminal)
    }
    while true {
      terminal.paint(draw(input, state, size: terminal.size))
      let events = terminal.events(within: wait(state))
      for event in events {
        switch event {
        case .key(let key):
          guard try handle(&state, &input, snapshot, &terminal, { $0.handle(key, input: $1, size: $2) }) else { return }
        case .pointer(let pointer):
          guard try handle(&state, &input, snapshot, &terminal, { $0.handle(pointer, input: $1, size: $2) })
          else { return }
        case .resized: break
        case .signal(let number): throw Ended(signal: number)
        case .hungUp: throw Ended(signal: SIGHUP)
        }
      }
      if state.isPlaying, events.isEmpty, let effect = state.play(input: input, size: terminal.size) {
        _ = try perform(effect, &state, input, &terminal)
      }
      let wasReading = isReading
      let changes = study.isLive || wasReading
      if changes { try advance() }
      if detective.isBusy { try investigate() }
      if changes && (!isReading || ll_monotonic() - reported > Viewer.reporting.count) {
        snapshot = Snapshot(study, isReading ? overview : nil)
        reported = ll_monotonic()
      }
      input = try self.input(snapshot, state, terminal)
    }
  }

  private func wait(_ state: ScreenState) -> Duration {
    isReading || detective.isBusy ? .zero : study.isLive || state.isPlaying ? Viewer.interval : Viewer.longInterval
  }

  /// Takes in what is new, or more of a file.
  private func advance(reading time: Nanoseconds = Viewer.reading) throws {
    if isReading { return try study.advance(for: time) }
    guard study.isLive else { return }
    recording?.poll()
    try study.advance()
    if recording?.isFinished == true { study.isLive = false }
  }

  /// Looks on into what is in front.
  private func investigate() throws(Failure) {
    do throws(TraceError) {
      try detective.advance(for: Viewer.reading)
    } catch {
      throw .trace(error)
    }
  }

  /// Does what a key or the mouse stands for; returns whether to go on.
  private func handle(
    _ state: inout ScreenState, _ input: inout ScreenInput, _ snapshot: Snapshot, _ terminal: inout Terminal,
    _ change: (inout ScreenState, ScreenInput, Size) -> Effect?
  ) throws -> Bool {
    let before = state
    if let effect = change(&state, input, terminal.size) {
      guard try perform(effect, &state, input, &terminal) else { return false }
    }
    // The next key may follow at once, and means what is seen by then.
    if state != before && !state.isTyping { input = try self.input(snapshot, state, terminal) }
    return true
  }

  /// Does what the screen cannot do itself; returns whether to go on.
  private func perform(
    _ effect: Effect, _ state: inout ScreenState, _ input: ScreenInput, _ terminal: inout Terminal
  ) throws -> Bool {
    switch effect {
    case .quit: return false
    case .redraw: terminal.forget()
    case .find(let step, let loop, let time):
      state.arrive(at: try find(step, loop, time), input: input, size: terminal.size)
    case .copy(let text):
      terminal.copy(text)
      state.say("copied \(text.utf8.count) bytes to the terminal's clipboard")
    case .write(let lines): state.say(ScreenFile.write(lines))
    }
    return true
  }

  private func find(_ step: Step, _ loop: LoopID, _ time: Instant) throws(Failure) -> Instant? {
    do throws(TraceError) {
      return try lens.find(step, of: loop, from: time)
    } catch {
      throw .trace(error)
    }
  }

  /// Takes the terminal.
  static func open(_ look: Terminal.Look) throws(Failure) -> Terminal {
    do throws(TerminalError) {
      return try Terminal(look)
    } catch {
      throw .terminal(error)
    }
  }

  private func input(
    _ snapshot: Snapshot, _ state: ScreenState, _ terminal: borrowing Terminal
  ) throws(Failure) -> ScreenInput {
    do throws(TraceError) {
      return try snapshot.input(state, terminal.size, terminal.glyphs, lens, detective)
    } catch {
      throw .trace(error)
    }
  }
}

/// A signal asked us to leave; the terminal is restored on the way out.
struct Ended: Error {
  var signal: Int32
}
