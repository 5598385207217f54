import Glibc
import Screens
import Terminal

/// A study on the screen, until somebody quits.
struct Viewer {
  private let scene: Scene
  /// What feeds the study, where it is live.
  private let recording: Recording?
  private let look: Terminal.Look
  /// What is in front at first.
  private let state: ScreenState

  init(
    _ study: Study, recording: Recording?, _ options: ScreenOptions, showing state: ScreenState = ScreenState()
  ) throws(Failure) {
    look = try options.look()
    self.recording = recording
    self.state = state
    scene = try Scene(study, recording)
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
  /// How often rings are read that fill up in a tenth of a second.
  private static let shortInterval = Duration.milliseconds(20)
  /// How often one looks whether a program that has ended was started again.
  private static let longInterval = Duration.milliseconds(500)
  /// What is not live changes by keys only.
  private static let noInterval = Duration.seconds(3_600)

  /// Shows it until a key or a signal ends it, with a tour at first if that is wanted; then says on standard error where
  /// it was recorded, if it was.
  ///
  /// - Throws: `Failure`, or the exit code that a signal asks for.
  func run(tour: Bool = false) throws {
    defer { if let words = recording?.endCopy() { Standard.error.write("looptop: \(words)\n") } }
    try show(tour: tour)
  }

  private func show(tour: Bool) throws {
    var terminal = try Viewer.open(look)
    var state = self.state
    var input = try scene.input(state, terminal.size, terminal.glyphs)
    if tour {
      state.beginTour(input: input, size: terminal.size)
      input = try scene.input(state, terminal.size, terminal.glyphs)
    }
    var isStale = true
    while true {
      if isStale { terminal.paint(draw(input, state, size: terminal.size)) }
      let events = terminal.events(within: wait(state))
      for event in events {
        switch event {
        case .key(let key):
          guard try handle(&state, &input, &terminal, { $0.handle(key, input: $1, size: $2) }) else { return }
        case .pointer(let pointer):
          guard try handle(&state, &input, &terminal, { $0.handle(pointer, input: $1, size: $2) }) else { return }
        case .resized: break
        case .signal(let number): throw Ended(signal: number)
        case .hungUp: throw Ended(signal: SIGHUP)
        }
      }
      if state.isPlaying, events.isEmpty, let effect = state.play(input: input, size: terminal.size) {
        _ = try perform(effect, &state, input, &terminal)
      }
      // A key is answered before anything else is done.
      if !events.isEmpty {
        input = try scene.input(state, terminal.size, terminal.glyphs)
        terminal.paint(draw(input, state, size: terminal.size))
      }
      isStale = try scene.advance() || state.isPlaying
      if isStale { input = try scene.input(state, terminal.size, terminal.glyphs) }
    }
  }

  private func wait(_ state: ScreenState) -> Duration {
    if scene.isReading { return .zero }
    if scene.isLive || state.isPlaying { return scene.isFlooded ? Viewer.shortInterval : Viewer.interval }
    return recording?.canGoOn == true ? Viewer.longInterval : Viewer.noInterval
  }

  /// Does what a key or the mouse stands for; returns whether to go on.
  private func handle(
    _ state: inout ScreenState, _ input: inout ScreenInput, _ terminal: inout Terminal,
    _ change: (inout ScreenState, ScreenInput, Size) -> Effect?
  ) throws -> Bool {
    let before = state
    if let effect = change(&state, input, terminal.size) {
      guard try perform(effect, &state, input, &terminal) else { return false }
    }
    // The next key may follow at once, and means what is seen by then.
    if state != before && !state.isTyping { input = try scene.input(state, terminal.size, terminal.glyphs) }
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
      state.arrive(at: try scene.find(step, loop, time), input: input, size: terminal.size)
    case .copy(let text):
      terminal.copy(text)
      state.say("copied \(text.utf8.count) bytes to the terminal's clipboard")
    case .write(let lines): state.say(ScreenFile.write(lines))
    case .record: state.say(recording?.record(from: scene.now) ?? "only what is live can be recorded")
    }
    return true
  }

  /// Takes the terminal.
  static func open(_ look: Terminal.Look) throws(Failure) -> Terminal {
    do throws(TerminalError) {
      return try Terminal(look)
    } catch {
      throw .terminal(error)
    }
  }
}

/// A signal asked us to leave; the terminal is restored on the way out.
struct Ended: Error {
  var signal: Int32
}
