import Analysis
import Glibc
import Screens
import Terminal
import Trace

/// A study on the screen, until somebody quits.
struct Viewer {
  private let study: Study
  /// What feeds the study, where it is live.
  private let recording: Recording?

  init(_ study: Study, recording: Recording?) {
    self.study = study
    self.recording = recording
  }

  /// Refuses before anything is started that nobody could see.
  static func requireTerminal() throws(Failure) {
    do throws(TerminalError) {
      try Terminal.check()
    } catch {
      throw .terminal(error)
    }
  }

  /// How often what is live is looked at.
  private static let interval = Duration.milliseconds(100)

  /// Shows it until a key or a signal ends it.
  ///
  /// - Throws: `Failure`, or the exit code that a signal asks for.
  func run() throws {
    try study.advance()
    var terminal = try open()
    var state = ScreenState()
    var input = makeInput(state, terminal)
    while true {
      terminal.paint(draw(input, state, size: terminal.size))
      for event in terminal.events(within: Viewer.interval) {
        switch event {
        case .key(let key):
          switch state.handle(key, input: input, size: terminal.size) {
          case .quit: return
          case .redraw: terminal.forget()
          case nil: break
          }
        case .resized: break
        case .signal(let number): throw Ended(signal: number)
        case .hungUp: throw Ended(signal: SIGHUP)
        }
      }
      if study.isLive {
        recording?.poll()
        try study.advance()
        if recording?.isFinished == true { study.isLive = false }
      }
      input = makeInput(state, terminal)
    }
  }

  private func open() throws(Failure) -> Terminal {
    do throws(TerminalError) {
      return try Terminal()
    } catch {
      throw .terminal(error)
    }
  }

  private func makeInput(_ state: ScreenState, _ terminal: borrowing Terminal) -> ScreenInput {
    let report = study.report
    let source: ScreenInput.Source = study.isLive ? .live : .replay
    let slices = state.timelineSlices(of: report.trace, source: source, size: terminal.size)
    return ScreenInput(
      report: report, busy: BusyShares(study.timeline, of: report.loops, in: slices), source: source,
      glyphs: terminal.glyphs)
  }
}

/// A signal asked us to leave; the terminal is restored on the way out.
struct Ended: Error {
  var signal: Int32
}
