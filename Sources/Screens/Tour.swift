import Analysis

/// A guided walk through a trace: what is said at each stop, and the commands that lead there.
struct TourStop: Sendable {
  var text: String
  var commands: [Command]

  /// All of them, in order.
  static let all = [
    TourStop(
      text: """
        This is one thread running everybody's callbacks in turn: an event loop. A column is a slice of time, and the \
        bar says how much of it the loop was busy. Where it says ! the loop did not come round for more than 50 ms, \
        and everybody waited.
        """, commands: [.show(.ticks), .zoomAll, .now]),
    TourStop(
      text: """
        The loop as a picture, in the middle of the worst of those. It polls, sees to sockets, to timers, to what is \
        queued, and polls again. Now one callback holds it. The line "then" says how many sockets it will find ready \
        when it gets back to its poll: those are the clients that wait.
        """, commands: [.show(.loop)]),
    TourStop(
      text: """
        The same moment to scale: the first row shows the ticks, the rows below the callbacks, one inside the other. \
        + and - zoom, the arrows move, n goes to the next stall, . and , go from callback to callback. All of this \
        works on a running program as well.
        """, commands: [.show(.ticks), .begin, .next]),
    TourStop(
      text: """
        Enter opens what is selected: here the worst stall, with the callback that is to blame for it, how long it \
        took, and what ran beside it. The lines under "See it" lead to the moment itself.
        """, commands: [.show(.stalls), .open]),
    TourStop(
      text: """
        c goes from an effect to its cause: the callback, with all its worst runs. e goes back from a cause to its \
        effect, and Esc to where one came from.
        """, commands: [.cause]),
    TourStop(
      text: """
        A chain is all the callbacks of one piece of work, here a request, from its accept to its answer. The bars \
        show where in its time each of them ran. A chain that is stalled stands first in this view, with what it \
        waits for and where that was created.
        """, commands: [.show(.chains), .open]),
    TourStop(
      text: """
        The findings say in words what is wrong and what to do about it. `looptop report` prints the same, and \
        --json gives it to a script.
        """, commands: [.show(.findings), .open]),
    TourStop(
      text: """
        That is all there is to it. ? shows every key, and : takes every command by name. Go on looking around here, \
        or leave with q and try `looptop attach` on a program of your own.
        """, commands: [.show(.ticks), .zoomAll, .now]),
  ]
}

extension ScreenState {
  /// Begins the tour: from here on Space goes on, Backspace goes back and Esc ends it, and all other keys do what they do.
  public mutating func beginTour(input: ScreenInput, size: Size) { goToStop(0, input, size) }

  /// Whether the key belongs to the tour; then it was done.
  mutating func handleInTour(_ key: Key, _ input: ScreenInput, _ size: Size) -> Bool {
    guard let stop = tour else { return false }
    switch key {
    case " ": goToStop(stop + 1, input, size)
    case .backspace: goToStop(max(0, stop - 1), input, size)
    case .escape: tour = nil
    default: return false
    }
    return true
  }

  private mutating func goToStop(_ index: Int, _ input: ScreenInput, _ size: Size) {
    guard index < TourStop.all.count else { return tour = nil }
    tour = index
    for command in TourStop.all[index].commands { _ = perform(command, input: input, size: size) }
    message = nil
  }
}

/// Draws the stop's text over the lower end of what is in front.
func drawTour(_ canvas: inout Canvas, _ body: Area, _ stop: Int) {
  let text = TourStop.all[stop].text.wrapped(to: max(20, body.width - 4))
  var body = body
  var area = body.takeBottom(text.count + 2)
  let title: Line = [
    Run("\(canvas.glyphs.rule) Tour, \(stop + 1) of \(TourStop.all.count) ", .title),
    Run("\(canvas.glyphs.rule) Space on, Backspace back, Esc ends it ", .dim),
  ]
  func blank() -> Area {
    let row = area.takeTop(1)
    canvas.draw(String(repeating: " ", count: row.width), row)
    return row
  }
  let head = area.takeTop(1)
  canvas.draw(String(repeating: canvas.glyphs.rule, count: head.width), head, style: Style(.dim))
  canvas.draw(title, head)
  for line in text { canvas.draw([Run("  " + line)], blank()) }
  _ = blank()
}
