import Screens
import Trace

@testable import Analysis

/// Reports made by hand: what an analysis could say, without one.
enum Samples {
  static let start = Instant(5_000_000_000)
  static let users = Site(function: "answer(_:)", file: "Sources/Server/Users.swift", line: 42)
  static let query = Site(function: "queryOnTheLoop(_:)", file: "Sources/Server/Database.swift", line: 17)
  static let retry = Site(function: "fetch(retrying:)", file: "Sources/Server/Retry.swift", line: 31)

  static func at(_ milliseconds: Int64) -> Instant { start + .milliseconds(milliseconds) }

  static let process = ProcessInfo(
    pid: 4242, started: 1, command: "/usr/local/bin/blocking-query --port 8080", runtime: "looptop-reactor 1")

  static func empty() -> Report {
    Report(
      trace: TraceSummary(from: start, to: start, startedAt: nil, events: 0, gaps: [], gapCount: 0, complete: true),
      processes: [],
      loops: [], callbacks: 0, sites: [], stalls: [], stallCount: 0,
      operations: OperationCounts(created: 0, succeeded: 0, failed: 0, cancelled: 0, dropped: 0, pending: 0),
      chains: ChainCounts(completed: 0, failed: 0, inFlight: 0, waiting: 0, stalled: 0), chainList: [], findings: [],
      anomalies: [:])
  }

  /// Twelve seconds of a server that answers in time.
  static func healthy() -> Report {
    var report = empty()
    report.trace.to = at(12_345)
    report.trace.events = 6_000
    report.processes = [process]
    report.loops = [loop(busy: 1_100, idle: 11_245)]
    report.callbacks = 2_469
    report.sites = [
      site(users, .io, count: 1_234, total: 900, max: 4),
      site(
        Site(function: "accept()", file: "Sources/Server/Listen.swift", line: 9), .io, count: 617, total: 150, max: 1),
      site(
        Site(function: "tick()", file: "Sources/Server/Clock.swift", line: 3), .timer, count: 618, total: 50, max: 1),
    ]
    report.chains = ChainCounts(completed: 617, failed: 0, inFlight: 0, waiting: 0, stalled: 0)
    report.chainList = [chain(1, name: "GET /users", .completed, duration: 12, running: 3)]
    return report
  }

  /// The same server where one request queries on the loop.
  static func blocking() -> Report {
    var report = healthy()
    report.loops = [loop(busy: 3_100, idle: 9_245)]
    report.loops[0].lag?.p99 = .milliseconds(212)
    report.sites.insert(site(query, .deferred, count: 9, total: 1_890, max: 231, slow: 9), at: 0)
    report.sites[0].harm = .milliseconds(1_240)
    report.sites[0].harmUpTo = .milliseconds(6_120)
    report.sites[0].victims = 61
    report.stalls = [stall(8_020, 231, users, in: query), stall(3_010, 212, users, in: query)]
    report.stallCount = 2
    report.findings = [
      Finding(
        id: "blocking-callback", severity: .warning, site: query,
        sentence: "queryOnTheLoop(_:) blocked the loop 9 times, for up to 231 ms, 1.89 s in all.",
        advice: "Move it to the thread pool.", count: 9,
        causedBy: nil, numbers: [:], loop: LoopID(1), moment: at(8_020))
    ]
    return report
  }

  /// The same server where a callback began eight seconds in and never came back.
  static func hanging() -> Report {
    var report = blocking()
    let site = Site(function: "spin()", file: "Sources/Demos/Hang.swift", line: 12)
    report.loops[0].running = [RunningSpan(site: site, kind: .timer, began: at(9_145))]
    var hung = self.site(site, .timer, count: 1, total: 3_200, max: 3_200, slow: 1)
    hung.runningFor = .milliseconds(3_200)
    report.sites.insert(hung, at: 0)
    var stall = stall(9_145, 3_200, site, in: site)
    stall.ended = false
    report.stalls.insert(stall, at: 0)
    report.stalls[2].harm = .zero
    report.stallCount = 3
    return report
  }

  /// A server one of whose requests waits for a Deferred that nobody fires.
  static func stalledChain() -> Report {
    var report = healthy()
    var stalled = chain(2, name: "GET /users/7", .stalled, duration: 9_000, running: 2)
    stalled.waitingOn = PendingOperation(
      id: OperationID(LoopID(1), 77), kind: .deferred, site: retry, created: at(3_345), due: nil, label: nil)
    stalled.steps = [
      ChainReport.Step(site: users, kind: .io, ready: nil, began: at(3_300), duration: .milliseconds(1), depth: 0),
      ChainReport.Step(
        site: retry, kind: .deferred, ready: nil, began: at(3_301), duration: .microseconds(450), depth: 1),
      ChainReport.Step(
        site: users, kind: .timer, ready: at(3_344), began: at(3_345), duration: .microseconds(90), depth: 0),
    ]
    var waiting = chain(3, name: nil, .waiting, duration: 45, running: 1)
    waiting.waitingOn = PendingOperation(
      id: OperationID(LoopID(1), 99), kind: .read, site: users, created: at(12_300), due: nil, label: "127.0.0.1:5432")
    report.chainList.insert(contentsOf: [stalled, waiting], at: 0)
    report.chains = ChainCounts(completed: 617, failed: 0, inFlight: 2, waiting: 1, stalled: 1)
    report.findings = [
      Finding(
        id: "stalled-chain", severity: .error, site: retry,
        sentence: "GET /users/7 is stalled after 9.00 s, waiting for a Deferred created by fetch(retrying:).",
        advice: "Fire it.", count: 1,
        causedBy: nil, numbers: [:], loop: LoopID(1), moment: at(3_345))
    ]
    return report
  }

  /// A program that names its functions so as to take the terminal over.
  static func hostile() -> Report {
    var report = healthy()
    report.sites[0].site.function = "\u{1B}[2J\u{1B}]0;owned\u{07}漢字カナ한국어e\u{301}🙂\u{202E}drow"
    report.sites[1].site.function = String(repeating: "long", count: 2_500)
    report.sites[1].site.file = String(repeating: "folder/", count: 2_000) + "end.swift"
    report.sites[2].site.function = "line\nfeed\ttab\u{7F}\u{9B}2J"
    report.processes[0].command = "evil\u{1B}[31m\u{0}"
    return report
  }

  static func loop(_ number: UInt16 = 1, name: String = "main", busy: Int64, idle: Int64) -> LoopReport {
    LoopReport(
      info: LoopInfo(id: LoopID(number), process: process, name: name, thread: 4242, poll: "epoll"), ended: false,
      ticks: 2_000, busy: .milliseconds(busy), idle: .milliseconds(idle), onCPU: nil, callbacks: 2_469, tick: nil,
      lag: Percentiles(
        count: 618, p50: .microseconds(80), p90: .microseconds(200), p99: .microseconds(450), max: .milliseconds(3)),
      queueDelay: nil, delayShares: DelayShares(), running: [])
  }

  static func site(
    _ site: Site, _ kind: CallbackKind, count: UInt64, total: Int64, max: Int64, slow: UInt64 = 0
  ) -> SiteReport {
    SiteReport(
      site: site, kind: kind, count: count, total: .milliseconds(total), own: .milliseconds(total),
      p50: .microseconds(max * 500), p99: .microseconds(max * 950), max: .milliseconds(max), slow: slow, slowOwn: .zero,
      threw: 0,
      runningFor: nil, harm: .zero, harmUpTo: .zero, victims: 0,
      worst: [SiteReport.Instance(loop: LoopID(1), began: at(8_020), own: .milliseconds(max), running: false)])
  }

  static func stall(_ began: Int64, _ duration: Int64, _ site: Site, in inner: Site) -> Stall {
    Stall(
      loop: LoopID(1), began: at(began), duration: .milliseconds(duration), ended: true, site: inner, kind: .deferred,
      own: .milliseconds(duration - 1), callbacks: 3, cause: .unknown, detail: nil, stack: [], victims: 7,
      harm: .milliseconds(duration), harmUpTo: .milliseconds(5 * duration))
  }

  static func chain(
    _ serial: UInt64, name: String?, _ state: ChainReport.State, duration: Int64, running: Int64
  ) -> ChainReport {
    ChainReport(
      id: ChainID(LoopID(1), serial), name: name, site: users, began: at(3_300), duration: .milliseconds(duration),
      running: .milliseconds(running), queued: .zero, waiting: .milliseconds(duration - running), state: state,
      waitingOn: nil, steps: [])
  }

  /// An input whose loops were busy in waves, and fully so in stalls.
  static func input(
    _ report: Report, source: ScreenInput.Source = .live, glyphs: Glyphs = .unicode, size: Size = terminal,
    state: ScreenState = ScreenState()
  ) -> ScreenInput {
    let slices = state.wanted(report, source: source, size: size).slices
    var shares: [LoopID: [Double?]] = [:]
    for loop in report.loops {
      shares[loop.info.id] = (0..<slices.count).map { index in
        let moment = slices.from + Nanoseconds(slices.length.count * Int64(index))
        if report.stalls.contains(where: { $0.began <= moment && moment < $0.began + $0.duration }) { return 1 }
        return Double((moment - report.trace.from).count / 200_000_000 % 10) / 20
      }
    }
    return ScreenInput(
      report: report, busy: BusyShares(slices: slices, shares: shares), source: source, glyphs: glyphs,
      figures: figures(report))
  }

  private static func figures(_ report: Report) -> Figures? {
    guard report.trace.from < report.trace.to else { return nil }
    let loops = report.loops
    let busy = loops.reduce(Nanoseconds.zero) { $0 + $1.busy }
    let all = loops.reduce(busy) { $0 + $1.idle }
    return Figures(
      over: report.trace.to - report.trace.from,
      utilization: all > .zero ? Double(busy.count) / Double(all.count) : nil, callbacks: report.callbacks,
      longestTick: report.stalls.map(\.duration).max() ?? .milliseconds(4))
  }

  static let terminal = Size(width: 80, height: 24)
}
