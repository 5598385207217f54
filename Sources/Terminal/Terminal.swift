import CNcurses
import Glibc
import Screens

/// The terminal on standard input and output, taken for as long as the value lives: the alternate screen, keys one by
/// one, no cursor.
///
/// It is given back when the value ends, when the process exits, and when a signal kills it, crashes included; for
/// SIGKILL alone nothing can be done. For one thread, and one value at a time: ncurses is one per process.
public struct Terminal: ~Copyable {
  /// Its columns and rows, as of the last event.
  public private(set) var size: Size
  /// What characters it can show.
  public let glyphs: Glyphs

  private let screen: OpaquePointer
  private let signals: Int32
  private let palette: Palette
  /// What was painted last.
  private var painted: Grid?

  /// What a person wants screens to look like.
  public struct Look: Hashable, Sendable {
    /// Whether only ASCII is drawn, whatever the locale has.
    public var ascii: Bool
    /// Which colours.
    public var theme: Theme

    /// A look from its parts.
    public init(ascii: Bool = false, theme: Theme = .auto) {
      self.ascii = ascii
      self.theme = theme
    }

    /// With what the environment says where the person did not: `NO_COLOR`, `COLORFGBG`.
    fileprivate var themeHere: Theme {
      guard theme == .auto else { return theme }
      return environment("NO_COLOR") != nil ? .mono : Theme(environment: environment("COLORFGBG"))
    }
  }

  /// Whether there is a terminal that could be taken; returns its type and changes nothing.
  @discardableResult
  public static func check() throws(TerminalError) -> String {
    guard isatty(STDIN_FILENO) == 1 else { throw .notATerminal(.input) }
    guard isatty(STDOUT_FILENO) == 1 else { throw .notATerminal(.output) }
    guard let type = environment("TERM") else { throw .noType }
    switch lln_look_up(type) {
    case LLN_UNKNOWN: throw .unknownType(type)
    case LLN_IMMOVABLE: throw .noCursorMovement(type)
    default: return type
    }
  }

  /// Takes the terminal.
  ///
  /// SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP and SIGCONT become events; a third SIGINT, SIGTERM or SIGHUP that
  /// nobody has asked for kills the process after all. Throws before anything was changed on the terminal.
  public init(_ look: Look = Look()) throws(TerminalError) {
    let type = try Terminal.check()
    let glyphs: Glyphs = lln_use_utf8() && !look.ascii ? .unicode : .ascii
    let signals = lln_watch_signals()
    guard signals >= 0 else { throw .noSignals(errno) }
    guard let screen = lln_start(type) else {
      lln_unwatch_signals()
      throw .unknownType(type)
    }
    lln_read_keys()
    self.screen = screen
    self.signals = signals
    self.glyphs = glyphs
    palette = Palette(look.themeHere)
    size = Size(width: Int(lln_width()), height: Int(lln_height()))
    painted = nil
  }

  deinit {
    lln_end(screen)
    lln_unwatch_signals()
  }

  /// Shows a grid; what lies outside the terminal is left out.
  public mutating func paint(_ grid: Grid) {
    let same = painted?.size == grid.size ? painted : nil
    if same == nil { lln_erase() }
    for y in 0..<min(grid.size.height, size.height) where same?.row(y) != grid.row(y) {
      paintRow(grid.row(y), y)
    }
    lln_refresh()
    painted = grid
  }

  /// Makes the next `paint` send every cell, whatever the terminal is thought to show.
  public mutating func forget() {
    painted = nil
    lln_repaint()
  }

  /// Asks the terminal to put a text into its clipboard, by the sequence that most understand (OSC 52) and the others
  /// ignore; what is longer than a hundred thousand bytes, many do not take, and is cut.
  public func copy(_ text: String) {
    let sequence = "\u{1B}]52;c;\(base64(text.utf8.prefix(74_000)))\u{07}"
    lln_send(sequence)
  }

  private func paintRow(_ cells: ArraySlice<Cell>, _ y: Int) {
    for (x, cell) in cells.enumerated() where cell.width > 0 && x + cell.width <= size.width {
      let look = palette.attributes(of: cell.style)
      let scalars = cell.text.unicodeScalars.map(\.value)
      lln_put(Int32(y), Int32(x), scalars, Int32(scalars.count), Int32(cell.width), look.attributes, look.pair)
    }
  }

  /// Waits for events, no longer than `limit`, and returns all there are; none when the time is up.
  ///
  /// After `.hungUp` there is nothing more to wait for.
  public mutating func events(within limit: Duration) -> [TerminalEvent] {
    var sources = [
      pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
    ]
    poll(&sources, nfds_t(sources.count), limit.pollTimeout)
    var events: [TerminalEvent] = []
    while case let signal = lln_next_signal(), signal != 0 { handle(signal, &events) }
    events += input()
    let gone = Int16(POLLHUP | POLLERR | POLLNVAL)
    if sources[0].revents & gone != 0 { events.append(.hungUp) }
    return events
  }

  private mutating func handle(_ signal: Int32, _ events: inout [TerminalEvent]) {
    switch signal {
    case SIGWINCH: takeSize()
    case SIGTSTP:
      lln_stop()
      takeSize()
    case SIGCONT:
      // Whoever was in front meanwhile may have left anything on the screen.
      forget()
      takeSize()
    default:
      events.append(.signal(signal))
      return
    }
    if !events.contains(.resized) { events.append(.resized) }
  }

  private mutating func takeSize() {
    lln_resize()
    painted = nil  // ncurses has dropped what lay outside, if only for a moment
    size = Size(width: Int(lln_width()), height: Int(lln_height()))
  }

  /// All that was typed and clicked, up to a thousand: a pasted novel must not keep the screen from being drawn.
  private func input() -> [TerminalEvent] {
    var events: [TerminalEvent] = []
    var code: UInt32 = 0
    for _ in 0..<1_000 {
      let sort = lln_next_key(&code)
      guard sort != ERR else { break }
      if sort == KEY_CODE_YES, code == UInt32(KEY_MOUSE) {
        if let pointer = pointer() { events.append(.pointer(pointer)) }
      } else if let key = Key(code: code, isCode: sort == KEY_CODE_YES) {
        events.append(.key(key))
      }
    }
    return events
  }

  private func pointer() -> Pointer? {
    var (x, y): (Int32, Int32) = (0, 0)
    switch lln_pointer(&x, &y) {
    case LLN_PRESS: return .press(x: Int(x), y: Int(y))
    case LLN_RELEASE: return .release(x: Int(x), y: Int(y))
    case LLN_WHEEL_UP: return .wheelUp(x: Int(x), y: Int(y))
    case LLN_WHEEL_DOWN: return .wheelDown(x: Int(x), y: Int(y))
    default: return nil
    }
  }
}

/// What comes from a terminal.
public enum TerminalEvent: Hashable, Sendable {
  /// A key was pressed.
  case key(Key)
  /// The mouse was used.
  case pointer(Pointer)
  /// `Terminal.size` or what is on the screen changed: paint.
  case resized
  /// Somebody wants the program to end: SIGINT, SIGTERM or SIGHUP; the exit code is 128 and its number.
  case signal(Int32)
  /// The terminal is gone.
  case hungUp
}

/// A variable that is set and not empty.
private func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}

extension Duration {
  /// Milliseconds as `poll` takes them, rounded up, so that no wait becomes a spin.
  fileprivate var pollTimeout: Int32 {
    guard self > .zero else { return 0 }
    let (seconds, attoseconds) = components
    guard seconds < 1_000_000 else { return Int32.max }
    return Int32(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}

/// Bytes as RFC 4648 writes them.
private func base64(_ bytes: some Sequence<UInt8>) -> String {
  let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  let bytes = Array(bytes)
  var text = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    for index in 0..<4 { text.append(index <= group.count ? letters[bits >> (18 - 6 * index) & 63] : "=") }
  }
  return text
}
