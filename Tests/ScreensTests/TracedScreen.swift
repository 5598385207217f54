import Analysis
import Trace

@testable import Screens

/// A trace in text form on a screen, as a person sees it key by key: all that is asked for is decoded from its events.
struct TracedScreen {
  let definitions: Definitions
  let batches: [Batch]
  private let whole: Analyzer
  var state = ScreenState()
  var size = Samples.terminal
  var glyphs = Glyphs.unicode
  /// What was left to the caller.
  private(set) var effects: [Effect] = []

  init(_ text: String, size: Size = Samples.terminal, glyphs: Glyphs = .unicode) throws {
    (definitions, batches) = try TraceText.parse(text)
    var analyzer = Analyzer()
    for batch in batches { analyzer.consume(batch, definitions: definitions) }
    whole = analyzer
    self.size = size
    self.glyphs = glyphs
  }

  /// What is known of all, or of the time that the screen is restricted to.
  private var analyzer: Analyzer {
    guard let range = state.range else { return whole }
    var analyzer = Analyzer()
    let part = TracePart(from: range.lowerBound, to: range.upperBound)
    for loop in definitions.loops {
      var replay = LoopReplay(loop: loop.id)
      for batch in batches where batch.loop == loop.id {
        replay.consume(batch, through: range.lowerBound - Nanoseconds(1))
      }
      if replay.last != nil { analyzer.consume(replay.opening(at: range.lowerBound), definitions: definitions) }
    }
    for batch in batches { analyzer.consume(part.cut(batch), definitions: definitions) }
    return analyzer
  }

  var report: Report {
    var report = analyzer.report(at: state.range?.upperBound)
    if let range = state.range { (report.trace.from, report.trace.to) = (range.lowerBound, range.upperBound) }
    return report
  }

  var input: ScreenInput {
    let analyzer = analyzer
    let (report, timeline) = (report, analyzer.timeline(at: state.range?.upperBound))
    let wanted = state.wanted(report, source: .replay, size: size)
    var window: LoopWindow?
    var moment: LoopMoment?
    if let loop = wanted.loop {
      if let slices = wanted.window {
        window = LoopWindow(
          after: LoopReplay(loop: loop), batches, from: slices.from, length: slices.length, count: slices.count,
          until: nil, definitions)
      }
      if let time = wanted.moment {
        var replay = LoopReplay(loop: loop)
        for batch in batches where replay.consume(batch, through: time) != nil { break }
        moment = replay.moment(at: time, definitions)
        moment?.look(ahead: batches)
      }
    }
    var input = ScreenInput(
      report: report, busy: BusyShares(timeline, of: report.loops, in: wanted.slices), source: .replay,
      glyphs: glyphs,
      figures: window.flatMap { Figures($0) }
        ?? Figures(timeline, of: report.loops, from: wanted.figures.from, to: wanted.figures.to),
      window: window, moment: moment)
    if let (site, kind) = wanted.durations { input.durations = analyzer.durations(of: site, kind) }
    (input.range, input.origin) = (state.range, whole.report(at: nil).trace.from)
    input.answer = wanted.inquiry.map(answer)
    return input
  }

  private func answer(about subject: Inquiry.Subject) -> Inquiry.Answer {
    var inquiry = Inquiry(about: subject)
    for batch in batches { inquiry.consume(batch, definitions: definitions) }
    return inquiry.answer
  }

  var grid: Grid { draw(input, state, size: size) }

  mutating func press(_ keys: Key...) {
    for key in keys {
      guard let effect = state.handle(key, input: input, size: size) else { continue }
      if case .find(let step, _, let time) = effect {
        state.arrive(at: find(step, from: time), input: input, size: size)
      } else {
        effects.append(effect)
      }
    }
  }

  mutating func type(_ text: String) { for scalar in text.unicodeScalars { press(.character(scalar)) } }

  private func find(_ step: Step, from time: Instant) -> Instant? {
    func times(_ leads: (Event.Body) -> Bool) -> [Instant] {
      batches.flatMap(\.events).filter { leads($0.body) }.map(\.time)
    }
    let begins = times { if case .began = $0 { true } else { false } }
    let returns = times { if case .pollReturned = $0 { true } else { false } }
    return switch step {
    case .nextCallback: begins.first { $0 > time }
    case .previousCallback: begins.last { $0 < time }
    case .nextTick: returns.first { $0 > time }
    case .previousTick: returns.last { $0 < time }
    }
  }

  /// A loop with a timer, two sockets and a thread pool; its third tick takes 120 ms in one callback.
  static let server = """
    looptop-text 1
    process 1 pid=4711 started=99 command="server --port 80" runtime="looptop-reactor 1"
    loop 1 process=1 name="main" thread=4711 poll=epoll
    site 1 "accept(_:)" "Server/Server.swift" 10
    site 2 "query(_:)" "Server/Users.swift" 42
    site 3 "render(_:)" "Server/Users.swift" 57
    site 4 "beat()" "Server/Clock.swift" 7

    1 10.000000 loop-begin
    1 10.000100 created op=2 kind=listener site=1 fd=5 standing
    1 10.000200 watched fd=5 label="listening on 127.0.0.1:80"
    1 10.000300 created op=4 kind=timer site=4 due=10.150000
    1 10.000400 poll-enter timeout=0.1496
    1 10.010000 poll-return ready=1
    1 10.010000 begin span=7 kind=io trigger=poll site=1 op=2 starts-chain
    1 10.010100 chain-named chain=8 name="GET /users"
    1 10.010200 watched fd=7 label="127.0.0.1:51000"
    1 10.010300 created op=10 kind=thread site=2 chain=8 by=7
    1 10.010400 pool queued=0 running=1
    1 10.011000 end span=7
    1 10.011500 poll-enter timeout=0.1385
    1 10.020000 poll-return ready=1
    1 10.020000 pool queued=0 running=0
    1 10.020000 queued op=10 at=10.019000 kind=thread trigger=thread site=2 chain=8
    1 10.020500 queued op=17 at=10.020500 kind=ready trigger=callback site=3 chain=8
    1 10.021000 begin span=18 kind=thread trigger=thread site=2 op=10
    1 10.021000 settled op=10 outcome=success
    1 10.022000 begin span=20 kind=deferred trigger=callback site=3 op=10
    1 10.140000 end span=20
    1 10.140500 end span=18
    1 10.140500 begin span=23 kind=ready trigger=callback site=3 op=17
    1 10.141000 end span=23
    1 10.141500 poll-enter timeout=0.0085
    1 10.150200 poll-return ready=0
    1 10.150200 begin span=27 kind=timer trigger=timer site=4 op=4 ready=10.150000 starts-chain
    1 10.150200 settled op=4 outcome=success
    1 10.150400 end span=27
    1 10.150600 poll-enter
    1 10.200000 poll-return ready=1
    1 10.200100 loop-end

    """
}
