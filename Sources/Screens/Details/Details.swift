import Analysis
import Trace

/// A line of details, and where Enter leads from it.
struct DetailLine: Hashable {
  var line: Line
  var target: Target?

  init(_ line: Line, target: Target? = nil) {
    self.line = line
    self.target = target
  }
}

/// Where one can go.
enum Target: Hashable, Sendable {
  /// To all that is known of something.
  case thing(Thing)
  /// To a moment of a loop.
  case moment(LoopID, Instant)
  /// To the callbacks of some time, and no other time in any view.
  case range(ClosedRange<Instant>)
}

extension ScreenState {
  /// The details in front; `nil` where a view is.
  func details(_ input: ScreenInput, width: Int = 78) -> [DetailLine]? {
    guard let thing = front.details else { return nil }
    return detailLines(of: thing, input, loop: chosenLoop, width: width) ?? [
      DetailLine([Run("It is no longer listed.", .dim)])
    ]
  }

  /// Rows that the lines of details have, of those that the body has.
  func detailsHeight(_ body: Int) -> Int { max(1, body - pictureHeight(body)) }

  /// Rows that the picture above the lines has.
  func pictureHeight(_ body: Int) -> Int {
    guard case .tick? = front.details, body >= 10 else { return 0 }
    return min(8, body / 3)
  }
}

/// What is known of a thing; `nil` where the report does not list it any more.
private func detailLines(
  of thing: Thing, _ input: ScreenInput, loop chosen: LoopID?, width: Int
) -> [DetailLine]? {
  let report = input.report
  switch thing {
  case .site: return report.sites.first { $0.thing == thing }.map { detailLines($0, input, width: width) }
  case .stall: return report.stalls.first { $0.thing == thing }.map { detailLines($0, input) }
  case .chain: return report.chainList.first { $0.thing == thing }.map { detailLines($0, input, width: width) }
  case .finding: return report.findings.first { $0.thing == thing }.map { detailLines($0, input, width: width) }
  case .operation(let id): return operationLines(id, input)
  case .tick(let loop, let from, let to): return tickLines(loop, from, to, input)
  case .loops: return LoopsDetails(input, from: chosen, width: width).lines
  }
}

// MARK: Causes and effects

/// What made the thing what it is, where that is known.
func cause(of thing: Thing?, _ report: Report) -> Thing? {
  func site(_ site: Site) -> Thing? { report.sites.first { $0.site == site }?.thing }
  switch thing {
  case .stall:
    let stall = report.stalls.first { $0.thing == thing }
    return report.sites.first { $0.site == stall?.site && $0.kind == stall?.kind }?.thing
  case .chain:
    let chain = report.chainList.first { $0.thing == thing }
    return chain?.waitingOn.map { .operation($0.id) } ?? chain.flatMap { site($0.site) }
  case .operation(let id): return report.chainList.first { $0.waitingOn?.id == id }?.waitingOn.flatMap { site($0.site) }
  case .finding:
    let finding = report.findings.first { $0.thing == thing }
    return report.findings.first { $0.id == finding?.causedBy }?.thing ?? finding.flatMap { site($0.site) }
  case .site, .tick, .loops, nil: return nil
  }
}

/// What the thing led to, where that is known.
func effect(of thing: Thing?, _ report: Report) -> Thing? {
  switch thing {
  case .site(let site, _):
    return report.stalls.first { $0.site == site }?.thing ?? report.findings.first { $0.site == site }?.thing
      ?? report.chainList.first { $0.waitingOn?.site == site }?.thing
  case .operation(let id): return report.chainList.first { $0.waitingOn?.id == id }?.thing
  case .finding(let id, let site):
    return report.findings.first { $0.causedBy == id }?.thing ?? report.stalls.first { $0.site == site }?.thing
      ?? report.chainList.first { $0.waitingOn?.site == site }?.thing
  case .stall, .chain, .tick, .loops, nil: return nil
  }
}
