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
  /// Freezes the screen, or lets it go on.
  case pause
  /// Sorts by the next column.
  case sort
  /// Turns the order round.
  case reverse
  /// Shows the help, or leaves it.
  case help
  /// Paints the whole screen anew.
  case redraw
  /// Leaves the program.
  case quit
}

/// What is in front, and thus which commands there are.
public enum Place: CaseIterable, Hashable, Sendable {
  /// A view with its list.
  case list
  /// The details of one thing.
  case details
  /// The help.
  case help
}

/// A line of the table of commands: feeds the dispatch, the footer and the help.
public struct CommandEntry: Sendable {
  /// What it does.
  public var command: Command
  /// Any of these; the first is the one that the footer names.
  public var keys: [Key]
  /// In the footer.
  public var name: String
  /// In the help.
  public var sentence: String
  /// Where it can be done.
  public var places: Set<Place>
  /// Whether the footer has it, where there is room.
  public var inFooter: Bool

  init(
    _ command: Command, _ keys: [Key], _ name: String, _ sentence: String, in places: Set<Place> = Set(Place.allCases),
    footer: Bool = false
  ) {
    self.command = command
    self.keys = keys
    self.name = name
    self.sentence = sentence
    self.places = places
    inFooter = footer
  }

  /// Every command there is; the more a person needs it, the further ahead it stands.
  public static let all: [CommandEntry] =
    [
      CommandEntry(.quit, [.character("q")], "Quit", "leave the program", footer: true),
      CommandEntry(
        .help, [.character("?"), .function(1), .character("h")], "Help", "show this help, or leave it", footer: true),
      CommandEntry(
        .back, [.escape, .backspace, .left], "Back", "back to the list", in: [.details, .help], footer: true),
      CommandEntry(
        .open, [.enter, .right], "Details", "all that is known of the selected row", in: [.list], footer: true),
      CommandEntry(
        .pause, [.character(" "), .character("p")], "Pause", "freeze the screen; recording goes on",
        footer: true),
      CommandEntry(
        .nextView, [.tab], "View", "the next view", in: [.list], footer: true),
      CommandEntry(.previousView, [.backTab], "View", "the view before", in: [.list]),
      CommandEntry(
        .sort, [.character("s")], "Sort", "sort by the next column, at last by worst",
        in: [.list], footer: true),
      CommandEntry(.reverse, [.character("r")], "Reverse", "turn the order round", in: [.list], footer: true),
      CommandEntry(.down, [.down, .character("j")], "Down", "one row down"),
      CommandEntry(.up, [.up, .character("k")], "Up", "one row up"),
      CommandEntry(.pageDown, [.pageDown, .control("f")], "Page down", "a page down"),
      CommandEntry(.pageUp, [.pageUp, .control("b")], "Page up", "a page up"),
      CommandEntry(.first, [.home, .character("g")], "First", "the first row"),
      CommandEntry(.last, [.end, .character("G")], "Last", "the last row"),
      CommandEntry(.redraw, [.control("l")], "Redraw", "paint the whole screen anew"),
    ]
    + View.allCases.map { view in
      CommandEntry(
        .show(view), [.character(view.digit)], view.title, view.sentence, in: [.list, .details])
    }

  /// What the key stands for in a place.
  public static func command(for key: Key, in place: Place) -> Command? {
    all.first { $0.places.contains(place) && $0.keys.contains(key) }?.command
  }
}
