import Analysis
import Testing
import Trace

@Suite("A loop at a moment") struct MomentTests {
  private static let server = """
    looptop-text 1
    process 1 pid=4711 started=99 command="server" runtime="looptop-reactor 1"
    loop 1 process=1 name="main" thread=4711 poll=epoll
    site 1 "accept(_:)" "Server.swift" 10
    site 2 "query(_:)" "Users.swift" 42
    site 3 "beat()" "Clock.swift" 7

    """

  private static let day = """
    1 10.000 loop-begin
    1 10.001 created op=2 kind=listener site=1 fd=5 standing
    1 10.001 watched fd=5 label="127.0.0.1:80"
    1 10.002 created op=4 kind=timer site=3 due=10.150
    1 10.003 poll-enter timeout=0.147
    1 10.010 poll-return ready=1
    1 10.010 begin span=7 kind=io trigger=poll site=1 op=2 starts-chain
    1 10.011 chain-named chain=8 name="GET /"
    1 10.012 created op=10 kind=thread site=2 chain=8 by=7
    1 10.012 pool queued=1 running=2
    1 10.013 end span=7
    1 10.014 poll-enter
    1 10.020 poll-return ready=1
    1 10.020 queued op=10 at=10.019 kind=thread trigger=thread site=2 chain=8
    1 10.021 begin span=14 kind=thread trigger=thread site=2 op=10
    1 10.021 settled op=10 outcome=success
    1 10.022 begin span=16 kind=deferred trigger=callback site=1 op=10
    1 10.030 end span=16
    1 10.031 end span=14
    1 10.032 poll-enter
    1 10.160 poll-return ready=8
    1 10.160 begin span=21 kind=timer trigger=timer site=3 op=4 ready=10.150
    1 10.160 settled op=4 outcome=success
    1 10.161 end span=21
    1 10.162 loop-end

    """

  private func moment(at seconds: Double, of events: String = day) throws -> LoopMoment {
    let (definitions, batches) = try TraceText.parse(Self.server + events)
    let time = Instant(Nanoseconds.seconds(seconds).count)
    var replay = LoopReplay(loop: LoopID(1))
    for batch in batches where replay.consume(batch, through: time) != nil { break }
    var moment = replay.moment(at: time, definitions)
    moment.look(ahead: batches)
    return moment
  }

  /// The moment in a few lines.
  private func picture(_ moment: LoopMoment) -> String {
    func ms(_ time: Nanoseconds) -> String { "\(time.count / 1_000_000) ms" }
    var lines: [String] = []
    switch moment.phase {
    case .polling(let since, _): lines.append("polls for \(ms(moment.time - since))")
    case .pass(let since): lines.append("in a tick for \(ms(moment.time - since))")
    case .ended: lines.append("ended")
    case .begun: lines.append("begun")
    case .unknown: lines.append("unknown")
    }
    for span in moment.stack {
      lines.append(
        "runs \(span.site.function) \(span.kind) for \(ms(moment.time - span.began)) chain \(span.chain ?? "-")")
    }
    for timer in moment.timers { lines.append("timer \(timer.site.function) due in \(ms(timer.due! - moment.time))") }
    for one in moment.watched { lines.append("watches \(one.descriptor) \(one.label)") }
    for entry in moment.ready {
      lines.append("ready \(entry.site.function) for \(ms(moment.time - entry.since)) chain \(entry.chain ?? "-")")
    }
    for call in moment.calls { lines.append("calls \(call.site.function) chain \(call.chain ?? "-")") }
    lines.append("pool \(moment.poolQueued) \(moment.poolRunning)")
    if let next = moment.next { lines.append("polls in \(ms(next.entered - moment.time)), finds \(next.ready ?? 99)") }
    return lines.joined(separator: "\n")
  }

  @Test func inThePollItShowsWhatItWaitsFor() throws {
    expectText(
      picture(try moment(at: 10.005)),
      """
      polls for 2 ms
      timer beat() due in 145 ms
      watches 5 127.0.0.1:80
      pool 0 0
      polls in 9 ms, finds 1
      """)
  }

  @Test func inACallbackItShowsTheCallbackAndItsChain() throws {
    expectText(
      picture(try moment(at: 10.0125)),
      """
      in a tick for 2 ms
      runs accept(_:) io for 2 ms chain GET /
      timer beat() due in 137 ms
      watches 5 127.0.0.1:80
      calls query(_:) chain GET /
      pool 1 2
      polls in 1 ms, finds 1
      """)
  }

  @Test func whatIsQueuedHasAnAgeAndStepsStandInsideTheirCallback() throws {
    expectText(
      picture(try moment(at: 10.0205)),
      """
      in a tick for 0 ms
      timer beat() due in 129 ms
      watches 5 127.0.0.1:80
      ready query(_:) for 1 ms chain GET /
      calls query(_:) chain GET /
      pool 1 2
      polls in 11 ms, finds 8
      """)
    expectText(
      picture(try moment(at: 10.025)),
      """
      in a tick for 5 ms
      runs query(_:) thread for 4 ms chain GET /
      runs accept(_:) deferred for 3 ms chain GET /
      timer beat() due in 125 ms
      watches 5 127.0.0.1:80
      pool 1 2
      polls in 7 ms, finds 8
      """)
  }

  @Test func aTimerThatFiredAndALoopThatEndedAreGone() throws {
    #expect(picture(try moment(at: 10.1605)).contains("runs beat() timer"))
    #expect(try moment(at: 10.1605).timers == [])
    #expect(try moment(at: 11).phase == .ended)
    #expect(try moment(at: 9).phase == .unknown)
  }

  @Test func aCheckpointIsAPlaceToStart() throws {
    let late = """
      1 20.000 end span=90
      1 20.001 checkpoint ready-queue=0 pool-queued=3 pool-running=4 unlisted=0
        op created=12.000 op=70 kind=timer site=3 due=21.000
        op created=13.000 op=71 kind=thread site=2 chain=60
        span began=19.000 span=88 kind=io trigger=poll site=1
        chain chain=60 named=12.500 name="GET /late"
        fd fd=9 label="10.0.0.1:9"
      1 20.002 settled op=71 outcome=success
      1 20.003 end span=88
      1 20.004 poll-enter

      """
    let moment = try moment(at: 20.0015, of: late)
    expectText(
      picture(moment),
      """
      in a tick for 1001 ms
      runs accept(_:) io for 1001 ms chain -
      timer beat() due in 998 ms
      watches 9 10.0.0.1:9
      calls query(_:) chain GET /late
      pool 3 4
      polls in 2 ms, finds 99
      """)
    #expect(try self.moment(at: 20.0045, of: late).calls == [])
  }

  @Test func aLoopThatIsReadFromACheckpointOnHasNotJustBegun() throws {
    let quiet = "1 20.001 checkpoint ready-queue=0 pool-queued=0 pool-running=0 unlisted=0\n"
    let late = try moment(at: 20.5, of: quiet)
    #expect(late.phase == .unknown)
    #expect(late.isComplete)
    #expect(try moment(at: 10.0005).phase == .begun)
  }

  @Test func pastAGapNothingIsTakenForGranted() throws {
    let broken = Self.day.replacing(
      "1 10.014 poll-enter\n", with: "1 10.0145 gap from=10.013 to=10.0145 events=3 reason=overwritten\n")
    #expect(try moment(at: 10.015, of: broken).phase == .unknown)
    #expect(try moment(at: 10.015, of: broken).ready == [])
    #expect(try moment(at: 10.025, of: broken).stack.map(\.site.function) == ["query(_:)", "accept(_:)"])
  }

  // MARK: Windows

  private func window(from seconds: Double, count: Int, of events: String = day) throws -> LoopWindow {
    let (definitions, batches) = try TraceText.parse(Self.server + events)
    return LoopWindow(
      after: LoopReplay(loop: LoopID(1)), batches, from: Instant(Nanoseconds.seconds(seconds).count),
      length: .milliseconds(1), count: count, until: nil, definitions)
  }

  @Test func aWindowHasTheSpansAndPassesThatOverlapIt() throws {
    let window = try window(from: 10.0255, count: 10)
    #expect(window.spans.map(\.site.function) == ["query(_:)", "accept(_:)"])
    #expect(window.spans.map(\.depth) == [0, 1])
    #expect(window.spans.map { $0.ended!.nanoseconds / 1_000_000 } == [10_031, 10_030])
    #expect(window.passes.map { $0.to!.nanoseconds / 1_000_000 } == [10_032])
    #expect(window.slices.map(\.busy.count) == [1, 1, 1, 1, 1, 1, 0.5, 0, 0, 0].map { Int64($0 * 1e6) })
    #expect(window.slices[6].idle == .microseconds(500) && window.slices[9].idle == .milliseconds(1))
  }

  @Test func aWindowBeyondTheEventsIsNotKnown() throws {
    let window = try window(from: 11, count: 4)
    #expect(window.slices.allSatisfy { $0.busy + $0.idle == .zero } && window.spans == [] && window.passes == [])
  }

  @Test func tooManySpansAreNotKeptButTheirTimeIs() throws {
    var events = "1 10.000 loop-begin\n1 10.000 poll-return ready=1\n"
    for index in 0..<3_000 {
      events +=
        "1 10.000 begin span=\(10 + index) kind=ready trigger=callback site=1\n1 10.000 end span=\(10 + index)\n"
    }
    events += "1 10.002 poll-enter\n1 10.100 loop-end\n\n"
    let window = try window(from: 9.999, count: 4, of: events)
    #expect(window.isDense && window.spans == [])
    #expect(window.slices.map { $0.busy.count / 1_000_000 } == [0, 1, 1, 0])
  }

  /// Times and ids as a damaged file may have them: nothing may trap on them, and nothing grow.
  @Test(arguments: [Int64.min, Int64.min + 1, -1, 0, 1, Int64.max - 1, Int64.max])
  func noTimeIsTooOdd(_ odd: Int64) {
    var batch = Batch(loop: LoopID(1))
    for other in [odd, 0, Int64.max, Int64.min] {
      let span = SpanID(raw: UInt64(bitPattern: other))
      let operation = OperationID(raw: UInt64(bitPattern: odd))
      batch.events += [
        Event(Instant(other), .pollReturned(ready: .max)),
        Event(Instant(odd), .created(Event.Created(id: operation, kind: .timer, site: SiteID(9), due: Instant(other)))),
        Event(
          Instant(other),
          .queued(Event.Queued(id: operation, moment: Instant(odd), kind: .ready, trigger: .start, site: SiteID(7)))),
        Event(Instant(odd), .began(Event.Began(id: span, kind: .io, trigger: .poll, site: SiteID(8)))),
        Event(Instant(other), .checkpoint(3)), Event(Instant(odd), .pollEntered(timeout: Nanoseconds(other))),
        Event(
          Instant(odd), .gap(Gap(from: Instant(other), to: Instant(odd), events: .max, reason: .damaged))),
        Event(Instant(other), .ended(span, threw: true)),
      ]
    }
    for time in [Int64.min, odd, 0, Int64.max] {
      var replay = LoopReplay(loop: LoopID(1))
      replay.consume(batch, through: Instant(time))
      var moment = replay.moment(at: Instant(time), Definitions())
      moment.look(ahead: [batch])
      for length in [Int64.min, 1, 1_000, Int64.max / 8_192] {
        let window = LoopWindow(
          after: LoopReplay(loop: LoopID(1)), [batch], from: Instant(time), length: Nanoseconds(length), count: 5_000,
          until: Instant(odd), Definitions())
        #expect(window.slices.count == 4_096 && window.spans.count <= LoopWindow.limit)
      }
    }
  }
}
