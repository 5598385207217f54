import Analysis
import Trace

/// A loop as a picture: the round that it makes, where in it it is, what runs, and everything that waits.
struct LoopPicture {
  let input: ScreenInput

  /// The stations of the round, in order.
  private enum Station: CaseIterable {
    case poll
    case io
    case timers
    case ready

    var title: String {
      switch self {
      case .poll: "poll"
      case .io: "I/O"
      case .timers: "timers"
      case .ready: "ready"
      }
    }

    var sentence: String {
      switch self {
      case .poll: "kernel waits"
      case .io: "sockets ready"
      case .timers: "those due"
      case .ready: "those queued"
      }
    }
  }

  private var setting: Setting { Setting(input) }
  private var glyphs: Glyphs { input.glyphs }
  private func time(_ time: Nanoseconds) -> String { words(time, glyphs) }

  func draw(_ canvas: inout Canvas, _ area: Area) {
    guard let moment = input.moment else {
      return canvas.draw("Nothing is known of this loop at this moment.", area, style: Style(.dim))
    }
    var area = area
    canvas.draw(title(moment), area.takeTop(1))
    drawRound(&canvas, area.takeTop(6), moment)
    for line in running(moment) { canvas.draw(line, area.takeTop(1)) }
    drawWaiting(&canvas, area, moment)
  }

  private func title(_ moment: LoopMoment) -> Line {
    let info = input.report.loops.first { $0.info.id == moment.loop }?.info
    return [
      Run("loop \(moment.loop.number) \(info?.name ?? "")", .title), Run(" at ", .dim),
      Run(clock(moment.time - setting.start, .microseconds(1)), .title),
      Run("   . , a callback   [ ] a tick   p plays", .dim),
    ]
  }

  // MARK: The round

  private func station(_ moment: LoopMoment) -> Station? {
    switch moment.phase {
    case .polling: return .poll
    case .unknown, .begun, .ended: return nil
    case .pass:
      switch moment.stack.first?.kind {
      case .io: return .io
      case .timer: return .timers
      case .ready, .thread, .signal, .child, .task, .deferred, .runtime, .unknown: return .ready
      case nil: return nil
      }
    }
  }

  /// Four boxes in a row, and the way back below them.
  private func drawRound(_ canvas: inout Canvas, _ area: Area, _ moment: LoopMoment) {
    var area = area
    let current = station(moment)
    let gap = 4
    let width = max(8, min(22, (area.width - 2 - gap * 3) / 4))
    let rows = (0..<6).map { _ in area.takeTop(1) }
    func put(_ text: String, _ row: Int, _ x: Int, _ style: Style, _ width: Int) {
      let row = rows[row]
      canvas.draw(
        text, Area(x: row.x + x, y: row.y, width: min(width, row.width - x), height: row.height), style: style)
    }
    for (index, station) in Station.allCases.enumerated() {
      let x = 1 + index * (width + gap)
      let isHere = station == current
      let style = isHere ? Style(here(moment)) : Style(.dim)
      let box = isHere ? glyphs.heavyBox : glyphs.box
      let line = String(repeating: box.across, count: width - 2)
      put(box.topLeft + line + box.topRight, 0, x, style, width)
      for row in 1...3 {
        put(box.down, row, x, style, 1)
        put(box.down, row, x + width - 1, style, 1)
      }
      put(box.bottomLeft + line + box.bottomRight, 4, x, style, width)
      let mark = isHere ? glyphs.running + " " : ""
      put(mark + station.title, 1, x + 2, isHere ? style : Style(.title), width - 3)
      put(station.sentence, 2, x + 2, Style(.dim), width - 3)
      put(load(station, moment), 3, x + 2, isHere ? style : .normal, width - 3)
      if index < 3 { put(glyphs.arrow(gap), 2, x + width, Style(.dim), gap) }
    }
    drawWayBack(&canvas, rows[5], moment, from: 1 + 3 * (width + gap) + width / 2, to: 1 + width / 2)
  }

  private func drawWayBack(_ canvas: inout Canvas, _ row: Area, _ moment: LoopMoment, from last: Int, to first: Int) {
    guard row.height > 0, last - first > 8 else { return }
    func put(_ text: String, _ x: Int, _ width: Int) {
      canvas.draw(text, Area(x: row.x + x, y: row.y, width: width, height: 1), style: Style(.dim))
    }
    put(
      glyphs.cursor + String(repeating: glyphs.box.across, count: last - first - 1) + glyphs.box.bottomRight, first,
      last - first + 1)
    put(" " + tick(moment) + " ", first + 3, last - first - 4)
  }

  private func tick(_ moment: LoopMoment) -> String {
    guard case .pass(let since) = moment.phase else { return "once round is a tick" }
    let whole = moment.next.map { ", \(time($0.entered - since)) in all" } ?? ""
    return "this tick: \(time(moment.time - since)) so far\(whole)"
  }

  private func here(_ moment: LoopMoment) -> Style.Role {
    guard let running = moment.stack.first else { return .good }
    return moment.time - running.began > Thresholds().slow ? .error : .warning
  }

  /// What there is for a station to do.
  private func load(_ station: Station, _ moment: LoopMoment) -> String {
    switch station {
    case .poll:
      if case .polling(let since, _) = moment.phase { return "for " + time(moment.time - since) }
      return ""
    case .io: return "\(moment.watched.count) watched"
    case .timers:
      let due = moment.timers.filter { ($0.due ?? moment.time + Nanoseconds(1)) <= moment.time }.count
      return "\(moment.timers.count) set" + (due > 0 ? ", \(due) late" : "")
    case .ready: return "\(moment.ready.count) queued"
    }
  }

  // MARK: What runs

  private func running(_ moment: LoopMoment) -> [Line] {
    guard let running = moment.running else {
      return [[Run(filled("now", 8), .dim)] + doing(moment, setting), []]
    }
    let age = moment.time - running.began
    let chain: Line = running.chain.map { [Run("  chain ", .dim), Run($0)] } ?? []
    let within: Line =
      moment.stack.count > 1
      ? [Run("  inside ", .dim), Run(moment.stack.dropLast().reversed().map(\.site.function).joined(separator: ", "))]
      : []
    return [
      [
        Run(filled("runs", 8), .dim), Run(running.site.function, .title), Run(" for "),
        Run(time(age), age > Thresholds().slow ? .error : .normal), Run("  \(running.site.place)", .dim),
      ],
      [Run(filled("", 8)), Run("\(running.kind), made ready by \(running.trigger.words)", .dim)] + chain + within,
    ]
  }

  // MARK: What waits

  private func drawWaiting(_ canvas: inout Canvas, _ area: Area, _ moment: LoopMoment) {
    var area = area
    if let line = whatNext(moment) { canvas.draw(line, area.takeTop(1)) }
    let lists = waiting(moment)
    // Side by side where there is room, else the longest list at the left and the others below each other.
    let columns = area.width >= 140 ? lists.map { [$0] } : [[lists[0]], Array(lists[1...])]
    let width = area.width / columns.count
    for (index, column) in columns.enumerated() {
      draw(column, &canvas, Area(x: area.x + index * width, y: area.y, width: width - 1, height: area.height))
    }
  }

  private typealias Waiting = (title: String, lines: [Line])

  /// Lists below each other: each has its title, and rows in turn until there are none left.
  private func draw(_ lists: [Waiting], _ canvas: inout Canvas, _ area: Area) {
    var area = area
    var rows = lists.map { _ in 0 }
    var left = area.height - lists.count
    while left > 0,
      let list = lists.indices.filter({ rows[$0] < lists[$0].lines.count }).min(by: { rows[$0] < rows[$1] })
    {
      rows[list] += 1
      left -= 1
    }
    for (list, rows) in zip(lists, rows) {
      let count = list.lines.count
      let title: Line = [Run(list.title, .title), Run(rows < count ? "  \(rows) of \(count)" : "", .dim)]
      canvas.draw(title, area.takeTop(1))
      for line in list.lines.prefix(rows) { canvas.draw(line, area.takeTop(1)) }
    }
  }

  /// What this pass keeps waiting, as the next poll finds it.
  private func whatNext(_ moment: LoopMoment) -> Line? {
    guard case .pass = moment.phase, let next = moment.next else { return nil }
    let poll: Line = [Run(filled("then", 8), .dim), Run("polls in \(time(next.entered - moment.time))")]
    guard let ready = next.ready else { return poll }
    let isLate = next.entered - moment.time > Thresholds().slow && ready > 0
    let found = ready == 1 ? "1 descriptor is ready by then" : "\(words(UInt64(ready))) descriptors are ready by then"
    return poll + [Run(", \(found)", isLate ? .warning : .normal)]
  }

  private func waiting(_ moment: LoopMoment) -> [Waiting] {
    let queued = moment.ready.map { entry -> Line in
      [
        Run(padded(time(max(.zero, moment.time - entry.since)), 8) + " ", .dim), Run(entry.site.function),
        chain(entry.chain),
      ]
    }
    let timers = moment.timers.map { timer -> Line in
      [Run(due(timer, moment), isLate(timer, moment) ? .warning : .dim), Run(timer.site.function), chain(timer.chain)]
    }
    let calls = (moment.calls + moment.others).map { call -> Line in
      [
        Run(padded(time(moment.time - call.created), 8) + " ", .dim), Run("\(call.kind) "), Run(call.site.function),
        chain(call.chain),
      ]
    }
    let watched = moment.watched.map { one -> Line in
      [Run(padded("\(one.descriptor)", 5) + "  ", .dim), Run(one.label)]
    }
    let pool = "pool \(moment.poolRunning) running, \(moment.poolQueued) queued"
    return [
      ("descriptors watched", watched), ("timers, due in", timers), ("ready queue, for", queued), (pool, calls),
    ]
  }

  private func chain(_ name: String?) -> Run { Run(name.map { "  " + $0 } ?? "", .dim) }

  private func isLate(_ timer: LoopMoment.Pending, _ moment: LoopMoment) -> Bool {
    timer.due.map { $0 < moment.time && !timer.standing } ?? false
  }

  private func due(_ timer: LoopMoment.Pending, _ moment: LoopMoment) -> String {
    guard !timer.standing, let due = timer.due else { return padded("repeats", 8) + " " }
    let left = due - moment.time
    return padded(left < .zero ? "late" : time(left), 8) + " "
  }
}

/// What boxes are made of.
struct BoxGlyphs {
  var topLeft, topRight, bottomLeft, bottomRight, across, down: String
}

extension Glyphs {
  var box: BoxGlyphs {
    self == .unicode
      ? BoxGlyphs(topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘", across: "─", down: "│")
      : BoxGlyphs(topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+", across: "-", down: "|")
  }

  /// A box that stands out, with and without colour.
  var heavyBox: BoxGlyphs {
    self == .unicode
      ? BoxGlyphs(topLeft: "┏", topRight: "┓", bottomLeft: "┗", bottomRight: "┛", across: "━", down: "┃")
      : BoxGlyphs(topLeft: "#", topRight: "#", bottomLeft: "#", bottomRight: "#", across: "=", down: "#")
  }

  func arrow(_ width: Int) -> String {
    String(repeating: rule, count: max(0, width - 1)) + (self == .unicode ? "▶" : ">")
  }
}
