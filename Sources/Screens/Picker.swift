import Analysis

/// A program that can be looked at, as a line of the picker.
public struct PickerRow: Hashable, Sendable {
  /// Its process.
  public var pid: Int32
  /// Its state in a word, and for one that is gone how long ago its last event was.
  public var state: String
  /// Whether it still runs.
  public var isRunning: Bool
  /// The names of its loops.
  public var loops: [String]
  /// Its command line.
  public var command: String

  /// A row from its parts.
  public init(pid: Int32, state: String, isRunning: Bool, loops: [String], command: String) {
    self.pid = pid
    self.state = state
    self.isRunning = isRunning
    self.loops = loops
    self.command = command
  }
}

/// Choosing among programs: a list with one selected, which stays selected while others come and go.
public struct Picker: Hashable, Sendable {
  /// What there is to choose from.
  public var rows: [PickerRow] = []
  private var selected: PickerRow?
  private var marked: Set<Name> = []

  /// What a row is known by while its state changes.
  private struct Name: Hashable {
    var pid: Int32
    var command: String

    init(_ row: PickerRow) { (pid, command) = (row.pid, row.command) }
  }

  /// What a key asked for.
  public enum Choice: Hashable, Sendable {
    /// Look at these together, with their loops side by side at first if so.
    case open([PickerRow], sideBySide: Bool)
    /// Leave.
    case quit
  }

  /// Nothing to choose from yet.
  public init() {}

  private var row: Int {
    selected.flatMap { selected in rows.firstIndex { Name($0) == Name(selected) } } ?? 0
  }

  /// Does what a key stands for.
  public mutating func handle(_ key: Key) -> Choice? {
    switch key {
    case "q", .escape: return .quit
    case .enter, .right: return rows.isEmpty ? nil : .open(chosen, sideBySide: false)
    case "a": return rows.isEmpty ? nil : .open(rows, sideBySide: false)
    case "c": return rows.isEmpty ? nil : .open(chosen.count > 1 ? chosen : rows, sideBySide: true)
    case " ": mark()
    case .down, "j", .tab: select(row + 1)
    case .up, "k", .backTab: select(row - 1)
    case .home, "g": select(0)
    case .end, "G": select(rows.count - 1)
    case .pageDown: select(row + 10)
    case .pageUp: select(row - 10)
    default: break
    }
    return nil
  }

  /// Those that are marked, else the one that is selected.
  private var chosen: [PickerRow] {
    let those = rows.filter { marked.contains(Name($0)) }
    return those.isEmpty ? [rows[row]] : those
  }

  private mutating func mark() {
    guard !rows.isEmpty else { return }
    let name = Name(rows[row])
    if marked.remove(name) == nil { marked.insert(name) }
    select(row + 1)
  }

  private mutating func select(_ row: Int) {
    if !rows.isEmpty { selected = rows[max(0, min(row, rows.count - 1))] }
  }

  /// The screen of the moment.
  public func draw(size: Size, glyphs: Glyphs = .unicode) -> Grid {
    var canvas = Canvas(size, glyphs: glyphs)
    var area = canvas.grid.area
    let footer = area.takeBottom(1)
    canvas.draw([Run("looptop", .title), Run("  what can be attached to", .dim)], area.takeTop(1))
    canvas.draw(String(repeating: glyphs.rule, count: size.width), area.takeTop(1), style: Style(.dim))
    if rows.isEmpty {
      drawNothing(&canvas, area)
    } else {
      drawRows(&canvas, area)
    }
    let names = [
      ("Enter", "Attach"), ("Space", "Mark"), ("a", "All"), ("c", "Compare side by side"), ("q", "Quit"),
    ]
    let keys = names.flatMap { [Run($0.0, .heading), Run(" \($0.1)  ")] }
    canvas.draw(keys, right: [Run(rows.isEmpty ? "" : "\(row + 1) of \(rows.count)", .dim)], footer)
    return canvas.grid
  }

  private func drawNothing(_ canvas: inout Canvas, _ area: Area) {
    var area = area
    let lines = [
      "Nothing yet: no program of yours records. It is listed here as soon as one does.", "",
      "Try `looptop demo` in another terminal, or see the README on how to instrument your own.",
    ]
    for line in lines.flatMap({ $0.isEmpty ? [""] : $0.wrapped(to: max(20, area.width - 2)) }) {
      canvas.draw(line, area.takeTop(1), style: Style(.dim))
    }
  }

  private func drawRows(_ canvas: inout Canvas, _ area: Area) {
    var area = area
    let titles = area.takeTop(1)
    canvas.draw(String(repeating: " ", count: titles.width), titles, style: Style(.heading))
    put(["pid", "state", "loops", "command"], &canvas, titles, Style(.heading))
    let top = max(0, min(row - area.height / 2, rows.count - area.height))
    for index in top..<min(rows.count, top + max(0, area.height)) {
      let one = rows[index]
      let line = area.takeTop(1)
      let style = Style(one.isRunning ? .normal : .dim)
      put(["\(one.pid)", one.state, one.loops.joined(separator: ", "), one.command], &canvas, line, style)
      if marked.contains(Name(one)) {
        canvas.draw("*", Area(x: line.x, y: line.y, width: 1, height: 1), style: Style(.title))
      }
      if index == row { canvas.select(line) }
    }
  }

  private func put(_ texts: [String], _ canvas: inout Canvas, _ line: Area, _ style: Style) {
    let widths = [8, 14, max(8, (line.width - 26) / 3)]
    var x = line.x
    for (index, text) in texts.enumerated() {
      let width = index < widths.count ? widths[index] : line.x + line.width - x
      let cell = Area(x: x, y: line.y, width: max(0, width), height: line.height)
      canvas.draw(text, cell, style: style, right: index == 0)
      x += width + 1
    }
  }
}
