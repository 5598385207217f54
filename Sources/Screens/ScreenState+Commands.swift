import Analysis
import Trace

// What keys and commands do.
extension ScreenState {
  /// Does what the key stands for; a key that stands for nothing does nothing.
  public mutating func handle(_ key: Key, input: ScreenInput, size: Size) -> Effect? {
    message = nil
    if prompt != nil { return type(key, input: input, size: size) }
    if handleInTour(key, input, size) { return nil }
    guard let command = CommandEntry.command(for: key, in: place) else { return nil }
    return perform(command, input: input, size: size)
  }

  /// Does a command; returns what is left to the caller.
  public mutating func perform(_ command: Command, input: ScreenInput, size: Size) -> Effect? {
    let input = self.input(for: command, input)
    if command.endsPlaying { isPlaying = false }
    switch command {
    case .quit: return .quit
    case .redraw: return .redraw
    case .show(let view): show(view, input, size)
    case .nextView: show(view.next(1), input, size)
    case .previousView: show(view.next(-1), input, size)
    case .help: if view == .help { back() } else { trail.append(Front(view: .help)) }
    case .open: open(input, size)
    case .back: back()
    case .pause: frozen = frozen == nil ? input : nil
    case .sort, .reverse: order(command, size)
    case .mark: mark(input)
    case .up, .down, .pageUp, .pageDown, .first, .last: move(command, input, size)
    case .cause: follow(cause(of: selected(input), input.report), else: "nothing is known of its cause")
    case .effect: follow(effect(of: selected(input), input.report), else: "nothing is known of its effects")
    case .search: prompt = Prompt(.search)
    case .filter: prompt = Prompt(.filter, text: filter.text)
    case .command: prompt = Prompt(.command)
    case .goToTime: prompt = Prompt(.time)
    case .copy: return .copy(selectedText(input, size))
    case .write: return .write(Screens.draw(input, self, size: size).lines)
    case .compare: compareLoops()
    case .record: return .record
    case .range: beginOrEndRange(input)
    case .wholeTime: showWholeTime()
    case .play: isPlaying.toggle()
    case .nextLoop: chooseNextLoop(input.report)
    case .nextCallback, .previousCallback, .nextTick, .previousTick: return step(command, input)
    case .next, .previous: goToNext(command == .next ? 1 : -1, input, size)
    case .earlier, .later, .muchEarlier, .muchLater, .zoomIn, .zoomOut, .zoomAll, .begin, .now:
      travel(command, input, size)
    }
    return nil
  }

  /// What a command works on: pausing takes what there is now, all else what is shown.
  private func input(for command: Command, _ input: ScreenInput) -> ScreenInput {
    command == .pause ? input : shown(input)
  }

  /// Says something in the footer, until the next key.
  public mutating func say(_ words: String) { message = words }

  // MARK: Views and details

  private mutating func show(_ view: View, _ input: ScreenInput, _ size: Size) {
    trail = [Front(view: view)]
    // The end of a trace shows a loop that has ended: what went wrong in it tells more.
    guard view == .loop, input.source == .replay, time.cursor == nil, let stall = input.report.stalls.first else {
      return
    }
    chosenLoop = stall.loop
    let middle = stall.began + Nanoseconds(stall.duration.count / 2)
    time.go(to: middle, input.report.trace, isLive: false, columns: Self.columns(size, input.report))
  }

  private mutating func back() {
    if trail.count > 1 {
      trail.removeLast()
    } else if search != nil {
      search = nil
    } else if !filter.isEmpty {
      filter = Filter()
    } else {
      showWholeTime()
    }
  }

  /// How far one can go without coming back.
  private static let trailLimit = 64

  private mutating func push(_ thing: Thing) {
    if trail.count >= Self.trailLimit { trail.remove(at: 1) }
    trail.append(Front(view: view, details: thing))
  }

  /// Shows all loops side by side.
  public mutating func compareLoops() {
    if front.details != .loops { push(.loops) }
  }

  private mutating func open(_ input: ScreenInput, _ size: Size) {
    if front.details != nil {
      let targets = details(input)?.compactMap(\.target) ?? []
      guard !targets.isEmpty else { return }
      return go(to: targets[max(0, min(front.link, targets.count - 1))], input, size)
    }
    if view == .loop {
      guard let moment = input.moment, case .pass(let since) = moment.phase else {
        return say("no pass of the loop is under way at this moment")
      }
      return push(.tick(moment.loop, since, moment.next?.entered ?? max(moment.time, since + Nanoseconds(1))))
    }
    if let thing = selected(input) { push(thing) }
  }

  private mutating func go(to target: Target, _ input: ScreenInput, _ size: Size) {
    switch target {
    case .thing(let thing): push(thing)
    case .moment(let loop, let moment):
      chosenLoop = loop
      time.go(to: moment, input.report.trace, isLive: input.source == .live, columns: Self.columns(size, input.report))
      trail.append(Front(view: .loop))
    case .range(let range):
      trail = [Front(view: .callbacks)]
      restrict(to: range, input)
    }
  }

  private mutating func follow(_ thing: Thing?, else words: String) {
    if let thing { push(thing) } else { say(words) }
  }

  /// What is selected: the thing in front, else the row of the view's list.
  func selected(_ input: ScreenInput) -> Thing? {
    if let details = front.details { return details }
    guard let name = view.list else { return nil }
    let list = lists[name] ?? ListState()
    let things = things(name, input)
    return things.isEmpty ? nil : things[list.row(in: things)]
  }

  /// The things of a list, in its order, that pass the filter.
  func things(_ name: ListName, _ input: ScreenInput) -> [Thing] {
    name.listing.things(input, lists[name] ?? ListState(), filter.with(marked))
  }

  private mutating func order(_ command: Command, _ size: Size) {
    guard let name = view.list else { return }
    switch command {
    case .sort: lists[name, default: ListState()].cycleSort(name.listing.places(size.width).map(\.column))
    default: lists[name, default: ListState()].isReversed.toggle()
    }
  }

  private mutating func mark(_ input: ScreenInput) {
    guard let thing = selected(input) else { return }
    if marked.remove(thing) == nil { marked.insert(thing) }
  }

  /// What is selected as text: the row's line, or all lines of the details.
  private func selectedText(_ input: ScreenInput, _ size: Size) -> String {
    if let lines = details(input) { return lines.map { $0.line.map(\.text).joined() + "\n" }.joined() }
    let grid = Screens.draw(input, self, size: size)
    let rows = (0..<grid.size.height).filter { row in grid.row(row).contains { $0.style.isSelected } }
    return rows.map { grid.lines[$0] }.joined(separator: "\n")
  }

  // MARK: Rows

  private mutating func move(_ command: Command, _ input: ScreenInput, _ size: Size) {
    let body = Layout(size).body
    switch place {
    case .help: front.top = command.moved(front.top, page: body.height, last: helpLines().count - body.height)
    case .loop: break
    case .details: moveInDetails(command, details(input) ?? [], height: detailsHeight(body.height))
    case .list:
      guard let name = view.list else { return }
      var list = lists[name] ?? ListState()
      let things = things(name, input)
      let height = max(1, body.height - view.rowsAboveList(body.height) - 1)
      let row = command.moved(list.row(in: things), page: height, last: things.count - 1)
      list.select(row, in: things, height: height)
      lists[name] = list
    }
  }

  /// Goes from one line that leads somewhere to the next, or by lines where there is none.
  private mutating func moveInDetails(_ command: Command, _ lines: [DetailLine], height: Int) {
    let last = max(0, lines.count - height)
    let links = lines.indices.filter { lines[$0].target != nil }
    switch command {
    case .up where !links.isEmpty, .down where !links.isEmpty:
      let next = max(0, min(front.link + (command == .up ? -1 : 1), links.count - 1))
      // What stands ahead of the first one is come back to, too.
      if next == front.link { return front.top = command.moved(front.top, page: height, last: last) }
      front.link = next
      front.top = max(links[next] - height + 1, min(front.top, links[next]))
    default: front.top = command.moved(min(front.top, last), page: height, last: last)
    }
  }

  private mutating func goToNext(_ distance: Int, _ input: ScreenInput, _ size: Size) {
    if let search, let name = view.list, front.details == nil {
      goToMatch(of: search, in: name, distance, input, size)
    } else {
      goToStall(distance, input, size)
    }
  }

  private mutating func goToMatch(
    of search: String, in name: ListName, _ distance: Int, _ input: ScreenInput, _ size: Size
  ) {
    var list = lists[name] ?? ListState()
    let things = things(name, input)
    let matches = name.listing.rows(matching: search, input, list, filter.with(marked))
    let row = list.row(in: things)
    let next = distance > 0 ? matches.first { $0 > row } ?? matches.first : matches.last { $0 < row } ?? matches.last
    guard let next else { return say("\(search) is in no row of this list") }
    let body = Layout(size).body
    list.select(next, in: things, height: max(1, body.height - view.rowsAboveList(body.height) - 1))
    lists[name] = list
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
  /// The report's own order, then each column on the screen, and round again.
  fileprivate mutating func cycleSort(_ columns: [Int]) {
    sort = columns.first { $0 > sort ?? -1 }
    isReversed = false
  }
}
