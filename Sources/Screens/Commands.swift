/// What a person can tell the screen to do. Keys become commands here, and nothing else sees keys.
public enum Command: Hashable, Sendable {
  /// Shows a view.
  case show(View)
  /// The view after this one.
  case nextView
  /// The view before this one.
  case previousView
  /// One row up.
  case up
  /// One row down.
  case down
  /// A page up.
  case pageUp
  /// A page down.
  case pageDown
  /// The first row.
  case first
  /// The last row.
  case last
  /// The details of what is selected.
  case open
  /// Back to where one came from.
  case back
  /// From an effect to its cause.
  case cause
  /// From a cause to its effect.
  case effect
  /// Freezes the screen, or lets it go on.
  case pause
  /// A column back in time.
  case earlier
  /// A column on in time.
  case later
  /// A tenth of the screen back in time.
  case muchEarlier
  /// A tenth of the screen on in time.
  case muchLater
  /// Less time in a column.
  case zoomIn
  /// More time in a column.
  case zoomOut
  /// The whole trace.
  case zoomAll
  /// The trace's begin.
  case begin
  /// The newest there is.
  case now
  /// Asks for a time.
  case goToTime
  /// The next stall, or match of what is searched for.
  case next
  /// The stall before, or match.
  case previous
  /// The next callback's begin.
  case nextCallback
  /// The begin of the callback before.
  case previousCallback
  /// The next tick's begin.
  case nextTick
  /// The begin of the tick before.
  case previousTick
  /// Time goes by, or stops.
  case play
  /// The next loop is the one looked at.
  case nextLoop
  /// All loops side by side.
  case compare
  /// Asks for a text to mark.
  case search
  /// Asks for what rows must have.
  case filter
  /// Sorts by the next column.
  case sort
  /// Turns the order round.
  case reverse
  /// Marks what is selected, or takes the mark off.
  case mark
  /// Copies what is selected.
  case copy
  /// Begins a range of time, or ends it and restricts every view to it.
  case range
  /// Shows all of time again.
  case wholeTime
  /// Records into a file, or stops that.
  case record
  /// Writes the screen to a file.
  case write
  /// Asks for a command's name.
  case command
  /// Shows the help, or leaves it.
  case help
  /// Paints the whole screen anew.
  case redraw
  /// Leaves the program.
  case quit

  /// Whether time that goes by stops for it.
  var endsPlaying: Bool {
    switch self {
    case .earlier, .later, .muchEarlier, .muchLater, .begin, .now, .next, .previous, .nextCallback, .previousCallback,
      .nextTick, .previousTick, .pause:
      true
    default: false
    }
  }
}

/// What is in front, and thus which commands there are.
public enum Place: CaseIterable, Hashable, Sendable {
  /// A view with its list.
  case list
  /// The picture of a loop.
  case loop
  /// The details of one thing.
  case details
  /// The help.
  case help
}

/// A line of the table of commands: feeds the dispatch, the footer, the help and the `:` prompt.
public struct CommandEntry: Sendable {
  /// What it does.
  public var command: Command
  /// Any of these; the first is the one that the footer names.
  public var keys: [Key]
  /// In the footer and the help; in lower case and with hyphens, what is typed for it.
  public var name: String
  /// In the help.
  public var sentence: String
  /// Where it can be done.
  public var places: Set<Place>
  /// What the footer says, where there is room; `nil` where it says nothing.
  public var footer: Footer?

  /// A command, or several that belong together, in the footer.
  public struct Footer: Sendable {
    /// The keys, as they are printed on them.
    public var keys: String
    /// What they do.
    public var name: String
  }

  /// What is typed for it after `:`.
  public var word: String { String(name.lowercased().map { $0 == " " ? "-" : $0 }) }

  init(
    _ command: Command, _ keys: [Key], _ name: String, _ sentence: String, in places: Set<Place> = Set(Place.allCases),
    footer: (keys: String, name: String)? = nil
  ) {
    self.command = command
    self.keys = keys
    self.name = name
    self.sentence = sentence
    self.places = places
    self.footer = footer.map { Footer(keys: $0.keys, name: $0.name) }
  }

  /// Every command there is; the more a person needs it, the further ahead it stands.
  public static let all: [CommandEntry] = moving + time + looking + views

  private static let moving = [
    CommandEntry(.quit, ["q"], "Quit", "leave the program", footer: ("q", "Quit")),
    CommandEntry(.help, ["?", .function(1), "h"], "Help", "show the keys and words", footer: ("?", "Help")),
    CommandEntry(.back, [.escape, .backspace], "Back", "where one was; ends search, filter, range"),
    CommandEntry(
      .open, [.enter], "Open", "all that is known of what is selected", in: [.list, .loop, .details],
      footer: ("Enter", "Open")),
    CommandEntry(.nextView, [.tab], "Next view", "the next view"),
    CommandEntry(.previousView, [.backTab], "Previous view", "the view before"),
    CommandEntry(.down, [.down, "j"], "Down", "one row down"),
    CommandEntry(.up, [.up, "k"], "Up", "one row up"),
    CommandEntry(.pageDown, [.pageDown, .control("f")], "Page down", "a page down"),
    CommandEntry(.pageUp, [.pageUp, .control("b")], "Page up", "a page up"),
    CommandEntry(.first, [.home], "First", "the first row"),
    CommandEntry(.last, [.end], "Last", "the last row"),
  ]

  private static let time = [
    CommandEntry(.pause, [" "], "Pause", "freeze the screen; recording goes on", footer: ("Space", "Pause")),
    CommandEntry(
      .earlier, [.left, "<"], "Earlier", "a column back in time", in: inTime, footer: ("< >", "Time")),
    CommandEntry(.later, [.right, ">"], "Later", "a column on in time", in: inTime),
    CommandEntry(.muchEarlier, [.shiftLeft, "H"], "Much earlier", "a tenth of the screen back", in: inTime),
    CommandEntry(.muchLater, [.shiftRight, "L"], "Much later", "a tenth of the screen on", in: inTime),
    CommandEntry(.zoomIn, ["+", "="], "Zoom in", "less time in a column", in: inTime, footer: ("+ -", "Zoom")),
    CommandEntry(.zoomOut, ["-"], "Zoom out", "more time in a column", in: inTime),
    CommandEntry(.zoomAll, ["0"], "Zoom all", "the whole trace", in: inTime),
    CommandEntry(.begin, ["g"], "Begin", "the trace's begin", in: inTime),
    CommandEntry(.now, ["G"], "Now", "the newest there is, and follow it", in: inTime),
    CommandEntry(.goToTime, ["t"], "Time", "go to a time: 1:15.5, 850ms, +2s", in: inTime),
    CommandEntry(
      .next, ["n"], "Next", "the next stall, or match of a search", in: inTime, footer: ("n", "Next stall")),
    CommandEntry(.previous, ["N"], "Previous", "the stall or the match before", in: inTime),
    CommandEntry(
      .nextCallback, ["."], "Next callback", "to its begin", in: inTime, footer: (", .", "Callback")),
    CommandEntry(.previousCallback, [","], "Previous callback", "to the begin of the one before", in: inTime),
    CommandEntry(.nextTick, ["]"], "Next tick", "to the poll's next return", in: inTime),
    CommandEntry(.previousTick, ["["], "Previous tick", "to the poll's return before", in: inTime),
    CommandEntry(.play, ["p"], "Play", "let time go by, or stop it", in: inTime),
    CommandEntry(
      .range, ["v"], "Range", "begin a range of time; again: end it", in: inTime),
    CommandEntry(.wholeTime, ["V"], "Whole time", "see all of time again", in: inTime),
    CommandEntry(.nextLoop, ["l"], "Next loop", "look at the next loop", in: inTime),
  ]

  private static let inTime: Set<Place> = [.list, .loop, .details]

  private static let looking = [
    CommandEntry(.search, ["/"], "Search", "mark a text wherever it stands", footer: ("/", "Search")),
    CommandEntry(
      .filter, ["f"], "Filter", "list only site:… kind:… chain:… >10ms text", in: [.list],
      footer: ("f", "Filter")),
    CommandEntry(
      .sort, ["s"], "Sort", "sort by the next column, at last by worst", in: [.list], footer: ("s", "Sort")),
    CommandEntry(.reverse, ["S"], "Reverse", "turn the order round", in: [.list]),
    CommandEntry(.cause, ["c"], "Cause", "from an effect to its cause", in: [.list, .details]),
    CommandEntry(.effect, ["e"], "Effect", "from a cause to its effect", in: [.list, .details]),
    CommandEntry(.compare, ["o"], "Loops", "compare all loops side by side"),
    CommandEntry(.mark, ["m"], "Mark", "mark what is selected; filter: marked", in: [.list, .details]),
    CommandEntry(.copy, ["y"], "Copy", "copy what is selected to the clipboard", in: [.list, .details]),
    CommandEntry(.record, ["r"], "Record", "record into a file, or stop it"),
    CommandEntry(.write, ["w"], "Write", "write what is seen to a file"),
    CommandEntry(.command, [":"], "Command", "do any of these by name; Tab completes", footer: (":", "Command")),
    CommandEntry(.redraw, [.control("l")], "Redraw", "paint the whole screen anew"),
  ]

  private static let views = View.allCases.map { view in
    CommandEntry(.show(view), [.character(view.digit)], "View \(view.title)", view.sentence)
  }

  /// What the key stands for in a place.
  public static func command(for key: Key, in place: Place) -> Command? {
    all.first { $0.places.contains(place) && $0.keys.contains(key) }?.command
  }
}
