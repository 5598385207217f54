import Analysis
import Trace

/// What a screen is drawn from.
public struct ScreenInput: Hashable, Sendable {
  /// What is known of the trace.
  public var report: Report
  /// How busy its loops were, in the slices that `ScreenState.timelineSlices` asked for.
  public var busy: BusyShares
  /// Where it comes from.
  public var source: Source
  /// What characters may be used.
  public var glyphs: Glyphs

  /// An input from its parts.
  public init(report: Report, busy: BusyShares, source: Source, glyphs: Glyphs = .unicode) {
    self.report = report
    self.busy = busy
    self.source = source
    self.glyphs = glyphs
  }

  /// Where a trace comes from.
  public enum Source: Hashable, Sendable {
    /// It is still being written.
    case live
    /// It is a file.
    case replay
  }
}

/// What the caller has to do for a command.
public enum Effect: Hashable, Sendable {
  /// Leave.
  case quit
  /// Paint every cell, whatever the terminal is thought to show.
  case redraw
}

/// Where a person is: view, selection, order, details, pause. A value; changes by commands only.
public struct ScreenState: Hashable, Sendable {
  /// The view in front.
  public internal(set) var view = View.ticks
  var lists: [ListName: ListState] = [:]
  /// What is shown in full.
  var details: Details?
  /// The first line of the help, where it is shown.
  var help: Int?
  /// What was shown when it was paused.
  var frozen: ScreenInput?

  struct Details: Hashable, Sendable {
    var thing: Thing
    var top = 0
  }

  /// The first view, following what comes.
  public init() {}

  /// Whether the screen shows what was known when it was paused.
  public var isPaused: Bool { frozen != nil }

  /// Which commands there are now.
  public var place: Place { help != nil ? .help : details != nil ? .details : .list }

  /// The slices that the timeline needs on a screen of this size.
  public func timelineSlices(of trace: TraceSummary, source: ScreenInput.Source, size: Size) -> TimeSlices {
    TimeSlices(of: trace, isLive: source == .live, columns: size.width - TimelinePicture.labelWidth)
  }

  /// What is on the screen: the input, or what it was when it was paused.
  func shown(_ input: ScreenInput) -> ScreenInput { frozen ?? input }

  /// Does what the key stands for; a key that stands for nothing does nothing.
  public mutating func handle(_ key: Key, input: ScreenInput, size: Size) -> Effect? {
    guard let command = CommandEntry.command(for: key, in: place) else { return nil }
    return perform(command, input: input, size: size)
  }

  /// Does a command; returns what is left to the caller.
  public mutating func perform(_ command: Command, input: ScreenInput, size: Size) -> Effect? {
    switch command {
    case .quit: return .quit
    case .redraw: return .redraw
    case .show(let view): show(view)
    case .nextView: show(view.next(1))
    case .previousView: show(view.next(-1))
    case .open: details = selected(shown(input)).map { Details(thing: $0) }
    case .back: if help != nil { help = nil } else { details = nil }
    case .help: help = help == nil ? 0 : nil
    case .pause: frozen = frozen == nil ? input : nil
    case .sort: lists[view.list, default: ListState()].cycleSort(view.list.listing.sortCount)
    case .reverse: lists[view.list, default: ListState()].isReversed.toggle()
    case .up, .down, .pageUp, .pageDown, .first, .last: move(command, shown(input), size)
    }
    return nil
  }

  private mutating func show(_ view: View) {
    self.view = view
    details = nil
  }

  /// The selected thing of the view's list.
  private func selected(_ input: ScreenInput) -> Thing? {
    let list = lists[view.list] ?? ListState()
    let things = view.list.listing.things(input.report, list)
    return things.isEmpty ? nil : things[list.row(in: things)]
  }

  private mutating func move(_ command: Command, _ input: ScreenInput, _ size: Size) {
    let body = Layout(size).body
    switch place {
    case .help: help = command.moved(help ?? 0, page: body.height, last: helpLines().count - body.height)
    case .details:
      guard let open = details else { return }
      let lines = detailLines(of: open.thing, input)?.count ?? 0
      details?.top = command.moved(open.top, page: body.height, last: lines - body.height)
    case .list:
      var list = lists[view.list] ?? ListState()
      let things = view.list.listing.things(input.report, list)
      let height = max(1, body.height - view.rowsAboveList(body.height) - 1)
      let row = command.moved(list.row(in: things), page: height, last: things.count - 1)
      list.select(row, in: things, height: height)
      lists[view.list] = list
    }
  }
}

extension Command {
  /// Where a step from `row` leads, between 0 and `last`.
  fileprivate func moved(_ row: Int, page: Int, last: Int) -> Int {
    let target =
      switch self {
      case .up: row - 1
      case .down: row + 1
      case .pageUp: row - page
      case .pageDown: row + page
      case .first: 0
      case .last: last
      default: row
      }
    return max(0, min(target, last))
  }
}

extension ListState {
  /// The report's own order, then each column that can be sorted by, and round again.
  fileprivate mutating func cycleSort(_ count: Int) {
    let next = (sort ?? -1) + 1
    sort = next < count ? next : nil
    isReversed = false
  }
}
