@testable import Analysis
import Testing
import Trace

@Suite struct `Any stream of events` {
  /// Few ids, so that events meet, and some from nowhere.
  private struct Source {
    var random: SplitMix

    mutating func number(_ limit: UInt64) -> UInt64 { random.next() % limit }

    mutating func id<ID: RingIdentifier>() -> ID {
      number(50) == 0 ? ID(raw: random.next()) : ID(LoopID(UInt16(number(3))), number(24))
    }

    mutating func maybe<T>(_ make: (inout Source) -> T) -> T? { number(2) == 0 ? make(&self) : nil }

    mutating func instant() -> Instant {
      number(20) == 0 ? Instant(Int64(bitPattern: random.next())) : Instant(Int64(number(20_000_000_000)))
    }

    mutating func one<T: CaseIterable>(of type: T.Type) -> T {
      T.allCases[T.allCases.index(T.allCases.startIndex, offsetBy: Int(number(UInt64(T.allCases.count))))]
    }

    mutating func created() -> Event.Created {
      Event.Created(
        id: id(), kind: one(of: OperationKind.self), standing: number(4) == 0, site: SiteID(UInt32(number(6))),
        chain: maybe { $0.id() }, creator: maybe { $0.id() }, due: maybe { $0.instant() },
        descriptor: maybe { Int32($0.number(4)) })
    }

    mutating func began() -> Event.Began {
      Event.Began(
        id: id(), kind: one(of: CallbackKind.self), trigger: one(of: Trigger.self),
        site: SiteID(number(9) == 0 ? .max : UInt32(number(6))), operation: maybe { $0.id() },
        ready: maybe { $0.instant() }, startsChain: number(3) == 0)
    }

    mutating func checkpoint() -> Checkpoint {
      Checkpoint(
        operations: (0..<number(4)).map { _ in OpenOperation(created: instant(), operation: created()) },
        spans: (0..<number(3)).map { _ in OpenSpan(began: instant(), span: began()) },
        chains: (0..<number(3)).map { _ in NamedChain(id: id(), named: instant(), name: "c") },
        descriptors: [WatchedDescriptor(descriptor: 1, label: "d")], unlisted: UInt32(number(2)))
    }

    mutating func body(in batch: inout Batch, at time: Instant) -> Event.Body {
      switch number(24) {
      case 0...3: return .began(began())
      case 4...7: return .ended(id(), threw: number(2) == 0)
      case 8, 9: return .created(created())
      case 10, 11: return .settled(id(), one(of: Outcome.self), nil)
      case 12:
        return .queued(
          Event.Queued(
            id: id(), moment: instant(), kind: .ready, trigger: .callback, site: SiteID(1), chain: maybe { $0.id() }))
      case 13: return .awaits(id(), on: id())
      case 14: return .chainNamed(id(), batch.add(text: "n"))
      case 15: return .pollEntered(timeout: nil)
      case 16: return .pollReturned(ready: 1)
      case 17: return .unhandled(id(), TextID(UInt32(number(3))))
      case 18:
        return .used(
          Usage(
            cpu: Nanoseconds(instant().nanoseconds), voluntarySwitches: 0, involuntarySwitches: 0, minorFaults: 0,
            majorFaults: 0))
      case 19: return .gap(Gap(from: instant(), to: instant(), events: nil, reason: .unknown))
      case 20:
        batch.checkpoints.append(checkpoint())
        return .checkpoint(Int32(batch.checkpoints.count) - Int32(number(2)))
      case 21: return .anchor(Anchor(counter: 0, monotonic: instant(), boottime: 0, realtime: instant().nanoseconds))
      case 22: return number(2) == 0 ? .loopBegan : .loopEnded
      default: return .watched(descriptor: Int32(number(4)), TextID(9))
      }
    }

    mutating func batch() -> Batch {
      var batch = Batch(loop: LoopID(number(40) == 0 ? UInt16(truncatingIfNeeded: random.next()) : UInt16(number(3))))
      var time = instant()
      for _ in 0..<number(60) {
        time = number(100) == 0 ? instant() : time + Nanoseconds(Int64(number(60_000_000)))
        batch.events.append(Event(time, body(in: &batch, at: time)))
      }
      return batch
    }
  }

  @Test(arguments: 0..<12)
  func `is survived with sane totals`(seed: UInt64) throws {
    var source = Source(random: SplitMix(state: seed))
    var definitions = Definitions()
    for line in 1...4 { _ = definitions.id(of: Site(function: "f\(line)", file: "f", line: UInt32(line))) }
    var analyzer = Analyzer()
    var events: UInt64 = 0
    for round in 0..<50 {
      let batch = source.batch()
      events += UInt64(batch.events.count)
      analyzer.consume(batch, definitions: definitions)
      guard round % 10 == 0 else { continue }
      check(analyzer.report(at: source.maybe { $0.instant() }), events: events)
      let timeline = analyzer.timeline(at: source.maybe { $0.instant() })
      let (from, to) = (source.instant(), source.instant())
      #expect(timeline.slices(loop: LoopID(1), from: from, to: to, count: 80).count <= 80)
    }
    check(analyzer.report(at: nil), events: events)
  }

  @Test(arguments: 0..<12)
  func `has waterfalls that end, and paths as long as their chains`(seed: UInt64) {
    var source = Source(random: SplitMix(state: seed))
    var definitions = Definitions()
    for line in 1...4 { _ = definitions.id(of: Site(function: "f\(line)", file: "f", line: UInt32(line))) }
    var analyzer = Analyzer(telling: [.callbacks, .operations])
    var told: [Occurrence] = []
    for _ in 0..<50 {
      analyzer.consume(source.batch(), definitions: definitions)
      told += analyzer.takeOccurrences()
    }
    let chains = analyzer.report(at: nil).chainList
    analyzer.tellRest(at: nil)
    told += analyzer.takeOccurrences()
    var collector = WaterfallCollector(Set(chains.map(\.id)))
    for occurrence in told { collector.take(occurrence) }
    for chain in chains {
      let waterfall = collector.steps(of: chain.id, definitions).waterfall(of: chain)
      let length = waterfall.criticalPath.reduce(Nanoseconds.zero) { $0 + $1.length }
      #expect(length == max(chain.duration, .zero))
      #expect(waterfall.criticalPath.allSatisfy { $0.from < $0.to })
      #expect(WaterfallReport.lines(chain, waterfall, since: Instant(0)).allSatisfy { $0.count <= 80 })
    }
  }

  private func check(_ report: Report, events: UInt64) {
    #expect(report.trace.events == events)
    #expect(report.trace.from <= report.trace.to)
    #expect(report.sites.reduce(0) { $0 + $1.count } == report.callbacks)
    #expect(report.loops.reduce(0) { $0 + $1.callbacks } == report.callbacks)
    for loop in report.loops {
      #expect(loop.busy >= .zero && loop.idle >= .zero)
      #expect(loop.busy + loop.idle <= Nanoseconds(1 << 62))
    }
    for site in report.sites {
      #expect(site.own >= .zero && site.total >= site.own)
      #expect(site.max >= site.p99 ?? .zero && site.p99 ?? .zero >= site.p50 ?? .zero)
      #expect(site.slow <= site.count && site.worst.count <= 10)
    }
    let operations = report.operations
    let ended = operations.succeeded + operations.failed + operations.cancelled + operations.dropped
    #expect(ended + operations.pending <= operations.created)
    #expect(report.chains.waiting + report.chains.stalled <= report.chains.inFlight)
    #expect(report.stalls.allSatisfy { $0.duration > .milliseconds(50) })
    #expect(UInt64(report.stalls.count) <= report.stallCount)
    let text = TextReport.render(report)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(JSONReport.render(report, path: nil).hasPrefix("{"))
  }

  @Test func `is followed for a thousand loops at most`() {
    var analyzer = Analyzer()
    for number in 1...2_000 as ClosedRange<UInt16> {
      analyzer.consume(Batch(loop: LoopID(number), events: [Event(Instant(1), .loopBegan)]), definitions: Definitions())
    }
    let report = analyzer.report(at: nil)
    #expect(report.loops.count == 1_024)
    #expect(report.anomalies == [.loopNotFollowed: 976])
  }

  @Test func `costs no more memory for being long`() {
    var analyzer = Analyzer()
    var definitions = Definitions()
    let site = definitions.id(of: Site(function: "f", file: "f", line: 1))
    let loop = LoopID(1)
    // A loop that never polls, whose chains end and whose operations settle all the same.
    for serial in 0..<70_000 as Range<UInt64> {
      let (span, operation) = (SpanID(loop, serial * 4), OperationID(loop, serial * 4 + 1))
      let time = Instant(Int64(serial) * 1_000)
      analyzer.consume(
        Batch(
          loop: loop,
          events: [
            Event(time, .began(.init(id: span, kind: .io, trigger: .poll, site: site, startsChain: true))),
            Event(time, .created(.init(id: operation, kind: .timer, site: site, chain: ChainID(raw: span.raw)))),
            Event(time, .settled(operation, .success, nil)), Event(time, .ended(span, threw: false)),
          ]), definitions: definitions)
    }
    let report = analyzer.report(at: nil)
    #expect(report.chains.completed == 70_000)
    #expect(report.operations.succeeded == 70_000)
    #expect(report.chainList.count <= 1_000)
    #expect(report.anomalies.isEmpty)
  }
}
