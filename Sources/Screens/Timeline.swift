import Analysis
import Trace

/// The columns of a timeline: what the screen needs to know the busy shares of.
public struct TimeSlices: Hashable, Sendable {
  /// The first slice's begin.
  public var from: Instant
  /// A slice's length, above zero.
  public var length: Nanoseconds
  /// How many.
  public var count: Int

  /// Slices from their parts.
  public init(from: Instant, length: Nanoseconds, count: Int) {
    self.from = from
    self.length = length
    self.count = count
  }

  /// Unless one zooms, a replayed trace is shown whole, a live one as far back as fits at this length.
  private static let longestLive = Nanoseconds.milliseconds(1_000)
  private static let lengths: [Nanoseconds] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000].map(Nanoseconds.milliseconds)

  /// The slices that a timeline of `columns` shows: round lengths, begun at round times, so that bars do not jump
  /// when time goes on.
  init(of trace: TraceSummary, isLive: Bool, columns: Int) {
    let columns = Int64(max(1, columns))
    let span = min(max(0, (trace.to - trace.from).count), 1 << 62)
    let fitting = Self.lengths.first { span < $0.count * columns }?.count
    let minute: Int64 = 60_000_000_000
    var length = fitting ?? (span / (columns * minute) + 1) * minute
    if isLive { length = min(max(length, 100_000_000), Self.longestLive.count) }
    let last = span / length
    let first = max(0, last - columns + 1)
    self.init(
      from: trace.from + Nanoseconds(first * length), length: Nanoseconds(length), count: Int(last - first + 1))
  }
}

extension TimeSlices {
  /// The slice that a moment falls into, counted from the first: negative before it.
  func index(of moment: Instant) -> Int64 {
    let (index, rest) = (moment - from).count.quotientAndRemainder(dividingBy: max(1, length.count))
    return rest < 0 ? index - 1 : index
  }
}

/// How busy the loops were, slice by slice.
public struct BusyShares: Hashable, Sendable {
  /// Which slices.
  public var slices: TimeSlices
  /// For each loop its busy share of every slice, 0 … 1, in the order of the slices; `nil` where nothing is known.
  public var shares: [LoopID: [Double?]]

  /// Shares from their parts.
  public init(slices: TimeSlices, shares: [LoopID: [Double?]]) {
    self.slices = slices
    self.shares = shares
  }
}

/// What the timeline's picture is made of.
struct TimelinePicture {
  let input: ScreenInput
  /// The moment looked at.
  let cursor: Instant?
  private let labelWidth: Int

  /// Columns left of the bars of one loop: for the scale.
  static let scaleWidth = 6

  /// Columns left of the bars: of several loops a fifth, for their names.
  static func labelWidth(_ report: Report, width: Int) -> Int {
    report.loops.count > 1 ? min(24, max(scaleWidth, width / 5)) : scaleWidth
  }

  init(input: ScreenInput, cursor: Instant?, width: Int) {
    self.input = input
    self.cursor = cursor
    labelWidth = Self.labelWidth(input.report, width: width)
  }

  /// Rows that the bars get: one loop has all of them, several share.
  func draw(_ canvas: inout Canvas, _ area: Area) {
    var area = area
    let axis = area.takeBottom(1)
    let marks = area.takeBottom(1)
    if let window = input.window, !window.isDense, window.from == input.busy.slices.from {
      StripPicture(window: window, slices: input.busy.slices, cursor: cursor, labelWidth: labelWidth).draw(
        &canvas, area)
    } else {
      drawLoops(&canvas, area)
    }
    drawMarks(&canvas, marks)
    drawAxis(&canvas, axis)
  }

  private func drawLoops(_ canvas: inout Canvas, _ area: Area) {
    var area = area
    let loops = shownLoops(area.height)
    let height = area.height / max(1, loops.count)
    for loop in loops {
      drawBars(of: loop, &canvas, area.takeTop(height), alone: loops.count == 1)
    }
  }

  /// The loops, or the busiest ones where there are more than rows.
  private func shownLoops(_ rows: Int) -> [LoopReport] {
    let loops = input.report.loops
    guard loops.count > rows else { return loops }
    let busiest = loops.sorted { $0.busy > $1.busy }.prefix(rows)
    return busiest.sorted { $0.info.id < $1.info.id }
  }

  private func drawBars(of loop: LoopReport, _ canvas: inout Canvas, _ area: Area, alone: Bool) {
    guard area.height > 0 else { return }
    if alone {
      canvas.draw("busy", Area(x: area.x, y: area.y + area.height / 2, width: 4, height: 1), style: Style(.dim))
      canvas.draw("100%", Area(x: area.x, y: area.y, width: 4, height: 1), style: Style(.dim))
    } else {
      canvas.draw(
        "\(loop.info.id.number) \(loop.info.name)", Area(x: area.x, y: area.y, width: labelWidth - 1, height: 1),
        style: Style(.dim))
    }
    let blocks = canvas.glyphs.blocks
    let steps = (blocks.count - 1) * area.height
    for (column, share) in shares(of: loop.info.id, area).enumerated() {
      let x = area.x + labelWidth + column
      guard let share else {
        canvas.draw("?", Area(x: x, y: area.y + area.height - 1, width: 1, height: 1), style: Style(.dim))
        continue
      }
      // What ran at all is seen, however little it was.
      let level = share > 0 ? max(1, Int((min(1, share) * Double(steps)).rounded())) : 0
      for row in 0..<area.height {
        let block = min(blocks.count - 1, max(0, level - row * (blocks.count - 1)))
        guard block > 0 else { break }
        let cell = Area(x: x, y: area.y + area.height - 1 - row, width: 1, height: 1)
        canvas.draw(blocks[block], cell, style: Style(.bar))
      }
    }
  }

  /// The newest shares that fit.
  private func shares(of loop: LoopID, _ area: Area) -> ArraySlice<Double?> {
    (input.busy.shares[loop] ?? []).prefix(max(0, input.busy.slices.count)).dropFirst(skipped(area))
  }

  /// Slices that do not fit, where the screen shrank since they were asked for.
  private func skipped(_ area: Area) -> Int { max(0, input.busy.slices.count - (area.width - labelWidth)) }

  private func drawMarks(_ canvas: inout Canvas, _ area: Area) {
    let slices = input.busy.slices
    canvas.draw("stall", area, style: Style(.dim))
    for stall in input.report.stalls.reversed() {  // the worst last: it is on top
      let first = slices.index(of: stall.began)
      let last = slices.index(of: stall.began + stall.duration)
      let columns = Int64(skipped(area))...Int64(max(skipped(area), slices.count - 1))
      for column in max(first, columns.lowerBound)..<max(first, columns.lowerBound, min(last, columns.upperBound) + 1) {
        let x = area.x + labelWidth + Int(column) - skipped(area)
        let mark = stall.ended ? "!" : canvas.glyphs.running
        canvas.draw(mark, Area(x: x, y: area.y, width: 1, height: 1), style: Style(stall.ended ? .warning : .error))
      }
    }
    guard let cursor, case let column = slices.index(of: cursor) - Int64(skipped(area)),
      (0..<Int64(max(0, area.width - labelWidth))).contains(column)
    else { return }
    let cell = Area(x: area.x + labelWidth + Int(column), y: area.y, width: 1, height: 1)
    canvas.draw(canvas.glyphs.cursor, cell, style: Style(.title))
  }

  private func drawAxis(_ canvas: inout Canvas, _ area: Area) {
    let slices = input.busy.slices
    let each = slices.length < .microseconds(1) ? 20 : 15
    for column in stride(from: 0, to: area.width - labelWidth - each + 3, by: each) {
      let moment = slices.from + Nanoseconds(slices.length.count &* Int64(column + skipped(area)))
      let label = "|" + clock(moment - input.origin, slices.length)
      canvas.draw(
        label, Area(x: area.x + labelWidth + column, y: area.y, width: each, height: 1), style: Style(.dim))
    }
  }
}
