import Analysis
import Testing
import Trace

/// Times in the text form, from milliseconds.
private func at(_ milliseconds: Double) -> String {
  let microseconds = Int((milliseconds * 1_000).rounded())
  return "1 \(microseconds / 1_000_000).\(String(1_000_000 + microseconds % 1_000_000).dropFirst())"
}

@Suite struct `Ticks over budget` {
  /// A tick of `count` descriptors' callbacks, a millisecond each, in which the thread had so many seconds of CPU time.
  private func tick(_ count: Int, cpu: Double? = nil) -> String {
    let callbacks = (0..<count).map { index in
      "\(at(1_000 + Double(index))) begin span=\(index + 9) site=1 kind=io trigger=poll\n"
        + "\(at(1_001 + Double(index))) end span=\(index + 9)\n"
    }
    func usage(_ cpu: Double, _ moment: Double) -> String {
      "\(at(moment)) used cpu=\(cpu) voluntary=0 involuntary=\(Int(moment)) minor=0 major=0\n"
    }
    let end = 1_000 + Double(count)
    return "\(at(999)) poll-enter\n\(at(1_000)) poll-return ready=\(count)\n" + (cpu == nil ? "" : usage(0, 1_000))
      + callbacks.joined() + (cpu.map { usage($0, end) } ?? "") + "\(at(end)) poll-enter\n"
  }

  @Test func `are many small callbacks`() throws {
    let finding = try #require(report(tick(51)).findings.first)
    #expect(finding.id == "tick-over-budget")
    #expect(finding.site.function == "accept(_:)")
    #expect(finding.severity == .warning)
    #expect(finding.moment == Instant(1_000_000_000))
    #expect(
      finding.sentence
        == "51 callbacks, none of them slow, kept the loop from its poll for 51.0 ms; 51 of accept(_:) took "
        + "51.0 ms of it.")
    #expect(finding.numbers["longest_ns"] == 51_000_000)
  }

  @Test func `are none where the budget is kept`() throws {
    #expect(try report(tick(50)).findings.isEmpty)
  }

  @Test func `are none where the machine gave the thread no CPU`() throws {
    let robbed = try report(tick(80, cpu: 0.02))
    #expect(robbed.findings.isEmpty && robbed.stalls.map(\.cause) == [.cpuWait])
    #expect(try report(tick(80, cpu: 0.079)).findings.map(\.id) == ["tick-over-budget"])
  }

  @Test func `are none where one callback was slow, nor where callbacks did not take the time`() throws {
    let slow = try report("1 1 poll-return ready=1\n1 1 begin span=1 site=1\n1 1.1 end span=1\n1 1.1 poll-enter")
    #expect(slow.findings.map(\.id) == ["blocking-callback"])
    let empty = try report("1 1 poll-return ready=1\n1 1 begin span=1 site=1\n1 1.01 end span=1\n1 1.1 poll-enter")
    #expect(empty.findings.isEmpty && empty.stallCount == 1)
  }
}

@Suite struct `A starved loop` {
  /// A ready queue from which sixty callbacks run in a tick; `breeding`, each calls for another.
  private func queue(breeding: Bool, polling: Bool = true) -> String {
    var text = "\(at(1_000)) poll-return ready=1\n\(at(1_000)) begin span=1 site=1\n"
    let queued = breeding ? 1 : 60
    for index in 0..<queued {
      text += "\(at(1_000)) queued op=\(100 + index) at=1 kind=ready trigger=callback site=2 by=1\n"
    }
    text += "\(at(1_000)) end span=1\n"
    if !breeding && polling { text += "\(at(1_000)) poll-enter timeout=0\n\(at(1_000)) poll-return ready=0\n" }
    for index in 0..<60 {
      text +=
        "\(at(1_000 + Double(index))) begin span=\(500 + index) site=2 kind=ready trigger=callback op=\(100 + index)\n"
      if breeding {
        text += "\(at(1_000 + Double(index))) queued op=\(101 + index) at=1.0 kind=ready trigger=callback site=2\n"
      }
      text += "\(at(1_001 + Double(index))) end span=\(500 + index)\n"
    }
    return text + "\(at(1_060)) poll-enter\n"
  }

  @Test func `is one whose ready queue is filled as fast as it is emptied`() throws {
    let finding = try #require(report(queue(breeding: true)).findings.first)
    #expect(finding.id == "starvation")
    #expect(finding.site.function == "query(_:)")
    #expect(
      finding.sentence
        == "query(_:) and what it calls for soon kept the loop from its poll for 60.0 ms with 61 callbacks.")
  }

  @Test(arguments: [true, false]) func `is not one that has much to do once, in the next tick or in the same`(
    inTheNext: Bool
  ) throws {
    #expect(try report(queue(breeding: false, polling: inTheNext)).findings.map(\.id) == ["tick-over-budget"])
  }
}

@Suite struct `Late timers` {
  /// A timer that was due at one second and runs later; what the loop did meanwhile.
  private func timer(at late: Double, meanwhile: String) -> String {
    "1 0.5 loop-begin\n1 0.5 created op=1 kind=timer site=3 due=1.0\n1 0.5 poll-enter\n" + meanwhile
      + "\(at(late)) begin span=90 site=3 kind=timer trigger=timer op=1 ready=1.0\n"
      + "\(at(late)) settled op=1 outcome=success\n\(at(late + 1)) end span=90\n\(at(late + 1)) poll-enter\n"
  }

  @Test func `are told of where nothing else explains them`() throws {
    let finding = try #require(report(timer(at: 1_051, meanwhile: "1 1.051 poll-return ready=0\n")).findings.first)
    #expect(finding.id == "late-timers" && finding.severity == .warning)
    #expect(finding.sentence == "A timer of render(_:) ran 51.0 ms late.")
    #expect(finding.moment == Instant(1_000_000_000))
    #expect(try report(timer(at: 1_050, meanwhile: "1 1.050 poll-return ready=0\n")).findings.isEmpty)
  }

  @Test(arguments: [true, false])
  func `are explained by a callback that blocks`(inTheSameTick: Bool) throws {
    let next = inTheSameTick ? "" : "1 1.2 poll-enter timeout=0\n1 1.2 poll-return ready=0\n"
    let report = try report(
      timer(
        at: 1_200, meanwhile: "1 0.9 poll-return ready=1\n1 0.9 begin span=9 site=2 kind=io\n1 1.2 end span=9\n" + next)
    )
    #expect(report.findings.map(\.id) == ["blocking-callback", "late-timers"])
    #expect(report.findings[1].severity == .info && report.findings[1].causedBy == "blocking-callback")
    #expect(
      report.findings[0].sentence
        == "query(_:) blocked the loop for 300 ms. It made 1 callback wait, 200 ms in all.")
  }
}

@Suite struct `A spinning loop` {
  /// Passes of 10 µs with a poll of `poll` µs each; `doing` stands inside the callback. In each hundredth the thread's usage is
  /// read, where it is said how often it leaves its CPU in a hundred passes.
  private func passes(_ count: Int, poll: Double, doing: String = "", waits: Int? = nil) -> String {
    var text = ""
    for index in 0..<count {
      let begin = 1_000 + Double(index) * (10 + poll) / 1_000
      text +=
        "\(at(begin)) poll-enter\n\(at(begin + poll / 1_000)) poll-return ready=1\n"
        + "\(at(begin + poll / 1_000)) begin span=\(index * 9 + 1) site=2 kind=io trigger=poll\n"
      if let waits, index % 100 == 0 {
        let left = waits * index / 100
        text += "\(at(begin + poll / 1_000)) used cpu=1.0 voluntary=\(left) involuntary=7 minor=0 major=0\n"
      }
      if !doing.isEmpty { text += "\(at(begin + poll / 1_000)) \(doing)\n" }
      text += "\(at(begin + poll / 1_000)) end span=\(index * 9 + 1)\n"
    }
    return text
  }
  private let strict: Thresholds = {
    var thresholds = Thresholds()
    thresholds.spinning = .milliseconds(20)
    return thresholds
  }()

  @Test func `goes round without a wait, and nothing comes of it`() throws {
    let finding = try #require(report(passes(2_000, poll: 2), thresholds: strict).findings.first)
    #expect(finding.id == "spinning-loop")
    #expect(finding.site.function == "query(_:)")
    #expect(finding.sentence == "query(_:) was called 1,999 times in 24.0 ms without a wait, and nothing came of it.")
  }

  @Test func `in a slow program is one that does not leave its CPU`() throws {
    let found = try report(passes(2_000, poll: 8, waits: 1), thresholds: strict).findings
    #expect(found.map(\.id) == ["spinning-loop"])
    #expect(try report(passes(2_000, poll: 8, waits: 90), thresholds: strict).findings.isEmpty)
  }

  @Test func `is not one that waits for its peer, nor one that does something, nor one that does so for a moment`()
    throws
  {
    #expect(try report(passes(2_000, poll: 8), thresholds: strict).findings.isEmpty)
    #expect(try report(passes(2_000, poll: 2, doing: "mark text=\"x\""), thresholds: strict).findings.isEmpty)
    #expect(try report(passes(1_500, poll: 2), thresholds: strict).findings.isEmpty)
  }
}

@Suite struct `A growing queue` {
  /// A loop that calls for `rate` callbacks a tick and runs one.
  private func ticks(_ count: Int, rate: Int) -> String {
    var text = "1 1 poll-enter\n"
    var (queued, run) = (0, 0)
    for tick in 0..<count {
      text += "\(at(1_001 + Double(tick))) poll-return ready=1\n"
      text += "\(at(1_001 + Double(tick))) begin span=\(1_000_000 + tick) site=1 kind=io\n"
      for _ in 0..<rate {
        text += "\(at(1_001 + Double(tick))) queued op=\(1 + queued) at=1.0 kind=ready trigger=callback site=2\n"
        queued += 1
      }
      text += "\(at(1_001 + Double(tick))) end span=\(1_000_000 + tick)\n"
      if run < queued {
        run += 1
        text += "\(at(1_001 + Double(tick))) begin span=\(2_000_000 + tick) site=2 kind=ready op=\(run)\n"
        text += "\(at(1_001 + Double(tick))) end span=\(2_000_000 + tick)\n"
      }
      text += "\(at(1_001.5 + Double(tick))) poll-enter timeout=0\n"
    }
    return text
  }

  @Test func `gets more than it gives`() throws {
    let finding = try #require(report(ticks(300, rate: 2)).findings.first)
    #expect(finding.id == "growing-queue")
    #expect(finding.sentence.hasPrefix("The ready queue of main only grew, from "))
    #expect(finding.sentence.hasSuffix(", most of them of query(_:).") && finding.site.function == "query(_:)")
    #expect(finding.numbers["last"]! > 200)
  }

  @Test func `is not one that keeps up`() throws {
    #expect(try report(ticks(300, rate: 1)).findings.isEmpty)
    #expect(try report(ticks(60, rate: 2)).findings.isEmpty, "it is not long yet")
  }
}

@Suite struct `A saturated pool` {
  /// A call that a thread takes up after `wait` milliseconds, having been one more than there are threads, or not.
  private func call(wait: Double, queued: Int = 1) -> String {
    let took = String(at(1_000 + wait).dropFirst(2))
    return """
      1 1 loop-begin
      1 1 poll-return ready=1
      1 1 begin span=1 site=1 kind=io starts-chain
      1 1 created op=2 kind=thread site=2 chain=1 by=1
      1 1 pool queued=\(queued) running=4
      1 1 end span=1
      1 1 poll-enter
      1 1.5 poll-return ready=1
      1 1.5 pool-begin op=2 at=\(took)
      1 1.5 pool-end op=2 at=1.5
      1 1.5 pool queued=0 running=0
      1 1.5 queued op=2 at=1.5 kind=thread trigger=thread
      1 1.5 settled op=2 outcome=success
      1 1.5 begin span=3 site=2 kind=thread op=2
      1 1.5 end span=3
      1 1.5 poll-enter

      """
  }

  @Test func `makes calls wait for a thread`() throws {
    let finding = try #require(report(call(wait: 51)).findings.first)
    #expect(finding.id == "saturated-pool")
    #expect(finding.site.function == "query(_:)")
    #expect(finding.sentence == "A call made by query(_:) waited 51.0 ms for a thread of the pool.")
    #expect(try report(call(wait: 50)).findings.isEmpty)
  }

  @Test func `is none that has threads to spare, who only got no CPU`() throws {
    #expect(try report(call(wait: 51, queued: 0)).findings.isEmpty)
  }

  @Test func `is told of while calls wait still, and only of those that do`() throws {
    let waiting = "1 1 loop-begin\n1 1 created op=2 kind=thread site=2\n1 1 created op=3 kind=thread site=3\n1 1 pool "
    let report = try report(waiting + "queued=1 running=1\n1 1 poll-enter\n", at: 2)
    #expect(report.findings.map(\.sentence) == ["A call made by render(_:) waited 1.00 s for a thread of the pool."])
    #expect(try self.judged(waiting + "queued=0 running=2\n1 1 poll-enter\n", at: 2).findings.isEmpty)
  }

  private func judged(_ events: String, at now: Double) throws -> Report { try report(events, at: now) }
}

@Suite struct `A waiting cycle` {
  private func operations(_ awaits: String) -> String {
    """
    1 1 loop-begin
    1 1 poll-return ready=1
    1 1 begin span=1 site=1 kind=io starts-chain
    1 1 created op=2 kind=deferred site=2 chain=1
    1 1 created op=3 kind=deferred site=3 chain=1
    1 1 created op=4 kind=thread site=4 chain=1
    \(awaits)
    1 1 end span=1
    1 1 poll-enter

    """
  }

  @Test func `is operations that wait for each other, and explains who stalls`() throws {
    let report = try report(
      operations("1 1 awaits op=2 on=3\n1 1 awaits op=3 on=2\n1 1 settled op=4 outcome=success"), at: 9)
    #expect(report.findings.map(\.id) == ["waiting-cycle", "never-settled", "stalled-chain"])
    #expect(report.findings.map(\.severity) == [.error, .info, .info])
    #expect(report.findings.map(\.causedBy) == [nil, "waiting-cycle", "waiting-cycle"])
    #expect(
      report.findings[0].sentence
        == "A Deferred of query(_:) waits for a Deferred of render(_:), which waits for the first.")
  }

  @Test func `is none where one of them will be settled`() throws {
    #expect(try report(operations("1 1 awaits op=2 on=3\n1 1 awaits op=3 on=4"), at: 9).findings.isEmpty)
  }

  @Test func `may be one that waits for itself`() throws {
    let report = try report(
      operations("1 1 awaits op=2 on=2\n1 1 settled op=3 outcome=success\n1 1 settled op=4 outcome=success"), at: 9)
    #expect(report.findings.first?.sentence == "A Deferred of query(_:) waits for itself.")
  }
}
