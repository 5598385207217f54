import Analysis
import Trace

/// A column of a list, whole: its title, room, text and order stand together, so that they cannot drift apart.
struct Column<Row>: Sendable {
  var title: String
  var room: Room
  var cut = Cut.end
  /// The screen's width from which on there is room for it.
  var from = 0
  var text: @Sendable (Row, Setting) -> String
  /// What the rows are sorted by.
  var key: @Sendable (Row) -> SortKey

  init(
    _ title: String, _ room: Room, cut: Cut = .end, from: Int = 0, key: @escaping @Sendable (Row) -> SortKey,
    text: @escaping @Sendable (Row, Setting) -> String
  ) {
    self.title = title
    self.room = room
    self.cut = cut
    self.from = from
    self.text = text
    self.key = key
  }

  /// How much of a row a column takes.
  enum Room: Hashable {
    /// Text at the left, this many columns.
    case left(Int)
    /// Numbers at the right, this many columns.
    case right(Int)
    /// Text at the left; a share of what the others leave.
    case share(Int)
  }
}

/// What a row is sorted by: the greatest number first, or the first text.
enum SortKey: Comparable {
  case number(Int64)
  case text(String, UInt32)

  init(_ text: String) { self = .text(text, 0) }
  init(_ time: Nanoseconds) { self = .number(time.count) }
  init(_ count: UInt64) { self = .number(Int64(clamping: count)) }
  init(_ site: Site) { self = .text(site.file, site.line) }

  /// Whether `a` stands before `b`.
  static func < (a: SortKey, b: SortKey) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)): a > b
    case (.text(let a, let lineA), .text(let b, let lineB)): (a, lineA) < (b, lineB)
    case (.number, .text): true
    case (.text, .number): false
    }
  }
}

/// What cells need to know beside their row.
struct Setting: Sendable {
  /// What times are counted from.
  var start: Instant
  /// The report's moment.
  var now: Instant
  var glyphs: Glyphs

  init(_ input: ScreenInput) {
    start = input.origin
    now = input.report.trace.to
    glyphs = input.glyphs
  }
}

/// How much a row has to say for itself.
enum Weight: Hashable, Sendable {
  /// It is still going on.
  case running
  /// It was too slow, or failed.
  case bad
  /// It hangs.
  case stuck
  case fine

  func mark(_ glyphs: Glyphs) -> String {
    switch self {
    case .running: glyphs.running
    case .bad, .stuck: "!"
    case .fine: ""
    }
  }

  var role: Style.Role {
    switch self {
    case .running, .stuck: .error
    case .bad: .warning
    case .fine: .normal
    }
  }
}

/// What a row stands for: the selection follows it wherever it is sorted to.
enum Thing: Hashable, Sendable {
  case site(Site, CallbackKind)
  case stall(LoopID, Instant)
  case chain(ChainID)
  case finding(String, Site)
  case operation(OperationID)
  /// All loops, side by side.
  case loops
  /// A pass of a loop, from and to.
  case tick(LoopID, Instant, Instant)
}
