import Analysis
import Trace

/// A chain's steps to scale, each with who made it ready and who created it, and the path that made the chain so long.
struct WaterfallDetails {
  private let chain: ChainReport
  private let input: ScreenInput
  private let width: Int
  /// `nil` until the chain's part of the trace has been looked through: the report knows its last steps meanwhile.
  private let waterfall: Waterfall?

  init(_ chain: ChainReport, _ input: ScreenInput, width: Int) {
    self.chain = chain
    self.input = input
    self.width = width
    let found = input.looking == nil ? input.answer?.steps?.waterfall(of: chain) : nil
    waterfall = found?.steps.isEmpty == false ? found : nil
  }

  private var glyphs: Glyphs { input.glyphs }

  // MARK: Steps

  /// The wider the screen is, the finer is the scale, and the more room is there for functions of other chains.
  private var barWidth: Int { max(12, min(60, width / 4 - 8)) }
  private var partyWidth: Int { max(9, min(24, width / 8)) }
  private var placeWidth: Int { width < 110 ? 0 : width / 5 }
  private var nameWidth: Int { max(8, min(48, width - 25 - barWidth - 2 * partyWidth - placeWidth)) }

  var steps: [DetailLine] {
    let rows = waterfall.map { waterfall in waterfall.steps.indices.map { row(waterfall.steps[$0], $0) } }
    let known = rows ?? chain.steps.map(row)
    return [DetailLine(title(known.count)), DetailLine(titles)] + known
  }

  private func title(_ count: Int) -> Line {
    let isCut = waterfall?.isCut ?? (count >= ChainReport.stepLimit)
    let critical = waterfall == nil ? "" : "  * those that made it as long as it is"
    return [Run(isCut ? "Steps, the last \(count)" : "Steps", .title), Run(critical, .dim)]
  }

  private var titles: Line {
    line(
      number: "#", bar: String(repeating: " ", count: barWidth), at: "at", took: "took", name: "step",
      place: "where", ready: "ready by", made: "made by"
    ).map { Run($0.text, .dim) }
  }

  private func row(_ step: Waterfall.Step, _ index: Int) -> DetailLine {
    DetailLine(
      line(
        number: "\(index + 1)\(step.isCritical ? "*" : " ")",
        bar: bar(step.began, step.duration, ready: step.ready), at: at(step.began),
        took: words(step.duration, glyphs), name: indented(step.site, step.depth), place: step.site.shortPlace,
        ready: step.triggeredBy.map(name) ?? (step.trigger == .unknown ? "-" : "\(step.trigger)"),
        made: step.createdBy.map(name) ?? "-"), target: .moment(step.id.loop, step.began))
  }

  private func row(_ step: ChainReport.Step) -> DetailLine {
    DetailLine(
      line(
        number: "", bar: bar(step.began, step.duration, ready: step.ready), at: at(step.began),
        took: words(step.duration, glyphs), name: indented(step.site, step.depth), place: step.site.shortPlace,
        ready: "",
        made: ""), target: .moment(chain.id.loop, step.began))
  }

  private func line(
    number: String, bar: String, at: String, took: String, name: String, place: String, ready: String, made: String
  ) -> Line {
    let canvas = Canvas(Size(width: 0, height: 0), glyphs: glyphs)
    return [
      Run(padded(number, 4) + " ", .title), Run(bar, .bar), Run(padded(at, 9) + padded(took, 8) + "  ", .dim),
      Run(canvas.cell(name, nameWidth)), Run(canvas.cell(ready, partyWidth)), Run(canvas.cell(made, partyWidth)),
      Run(canvas.cell(place, placeWidth), .dim),
    ]
  }

  private func indented(_ site: Site, _ depth: Int) -> String {
    String(repeating: " ", count: max(0, min(depth, 8))) + site.function
  }

  private func bar(_ began: Instant, _ duration: Nanoseconds, ready: Instant?) -> String {
    Screens.waterfall(
      began - chain.began, duration, waited: ready.map { began - $0 } ?? .zero, of: chain.duration,
      cells: barWidth, glyphs)
  }

  private func at(_ moment: Instant) -> String { "+" + words(moment - chain.began, glyphs) }

  /// A step by its number, another chain's callback by its function.
  private func name(_ party: Waterfall.Party) -> String { party.step.map { "step \($0 + 1)" } ?? party.site.function }

  // MARK: The critical path

  var criticalPath: [DetailLine] {
    let path = waterfall?.criticalPath ?? []
    let lines = path.map { segment in
      let share = Double(segment.length.count) / Double(max(1, chain.duration.count))
      return DetailLine(
        [
          Run("  " + padded(words(segment.length, glyphs), 9) + padded(Format.percent(share), 7) + "  "),
          Run(bar(share) + " ", .bar), Run(name(segment.state)),
        ], target: target(segment))
    }
    return found("Critical path: what made it as long as it is", lines, else: "its steps are not in the trace", input)
  }

  private func bar(_ share: Double) -> String { Screens.bar(share, cells: 12, glyphs) }

  private func name(_ state: Waterfall.Segment.State) -> String {
    func step(_ index: Int) -> String { "step \(index + 1), \(waterfall?.steps[index].site.function ?? "")" }
    switch state {
    case .ran(let index): return "ran \(step(index))"
    case .queued(let index): return "queued" + (index.map { " for \(step($0))" } ?? "")
    case .waited(let operation?): return "waited for \(operation.title)"
    case .waited(nil): return waterfall?.isCut == true ? "what came before, and waits" : "waited"
    }
  }

  /// Where one sees it: what is pending leads to what is known of that.
  private func target(_ segment: Waterfall.Segment) -> Target? {
    switch segment.state {
    case .waited(let operation?) where operation.id == chain.waitingOn?.id: .thing(.operation(operation.id))
    case .ran, .queued, .waited: .moment(chain.id.loop, segment.from)
    }
  }
}
