import Testing
import Trace

@testable import Analysis

@Suite struct Blame {
  private static let definitions: Definitions = {
    var definitions = Definitions()
    for line in 1...4 { _ = definitions.id(of: Site(function: "f\(line)", file: "f", line: UInt32(line))) }
    return definitions
  }()

  private func check(_ report: Report, _ obvious: ObviousBlame) {
    let expected = obvious.harms()
    for site in report.sites {
      let id = SiteID(site.site.line)
      let harm = expected[ObviousBlame.Key(site: id, kind: site.kind)] ?? Harm()
      #expect(site.harm == harm.certain, "\(site.site.function) \(site.kind)")
      #expect(site.harmUpTo == harm.upTo, "\(site.site.function) \(site.kind)")
      #expect(site.victims == harm.victims, "\(site.site.function) \(site.kind)")
    }
    #expect(report.loops[0].delayShares == obvious.shares)
    #expect(report.loops[0].delayShares.sum == report.loops[0].delayShares.total)
    for stall in report.stalls {
      let window = (stall.began.nanoseconds, (stall.began + stall.duration).nanoseconds)
      let harms = obvious.harms(in: window)
      #expect(stall.harm == harms.values.reduce(.zero) { $0 + $1.certain })
      #expect(stall.harmUpTo == harms.values.reduce(.zero) { $0 + $1.upTo })
      #expect(Int(stall.victims) == obvious.victims(of: window))
    }
  }

  @Test(arguments: 0..<40)
  func `and waiting and running make up a chain's time`(seed: UInt64) {
    var server = RandomServer(seed: seed, longest: 3_000)
    for _ in 0..<12 { server.tick() }
    var analyzer = Analyzer()
    analyzer.consume(server.batch, definitions: Self.definitions)
    let obvious = ObviousBlame(server.batch.events)
    let chains = analyzer.report(at: nil).chainList.filter { $0.steps.count < ChainReport.stepLimit }
    #expect(chains.count > 5)
    for chain in chains {
      let from = chain.began.nanoseconds
      let expected = obvious.times(of: chain.id, from: from, to: from + chain.duration.count)
      #expect(chain.running.count == expected.running, "\(chain.id)")
      #expect(chain.queued.count == expected.queued, "\(chain.id)")
      #expect(chain.running + chain.queued + chain.waiting == chain.duration)
      #expect(chain.waiting >= .zero)
    }
  }

  @Test func `of a single wait adds up to it, and that of all waits to the harm`() {
    var server = RandomServer(seed: 7, longest: 500)
    for _ in 0..<40 { server.tick() }
    var analyzer = Analyzer(collecting: .interval(LoopID(1), from: Instant(0), to: Instant(.max)))
    analyzer.consume(server.batch, definitions: Self.definitions)
    let ledgers = analyzer.collector?.found.elements.map(\.element) ?? []
    for ledger in ledgers {
      let parts =
        [ledger.ownChain, ledger.poll, ledger.overhead, ledger.gap, ledger.unknown] + ledger.charges.map(\.time)
      #expect(parts.reduce(.zero, +) == ledger.delay)
    }
    let begun = ObviousBlame(server.batch.events).victims.filter { $0.end == .begun && $0.certain < $0.until }
    #expect(ledgers.count == begun.count && begun.count > 100)
    #expect(
      ledgers.map(\.delay.count).sorted() == begun.map { $0.until - $0.certain }.sorted())
  }

  @Test(arguments: 0..<40)
  func `is what its definition says, to the nanosecond`(seed: UInt64) {
    var server = RandomServer(seed: seed, longest: seed % 2 == 0 ? 40 : 16_000)
    for _ in 0..<Int(3 + seed / 2) { server.tick() }
    var analyzer = Analyzer(thresholds: Thresholds(slow: .microseconds(30)))
    analyzer.consume(server.batch, definitions: Self.definitions)
    check(analyzer.report(at: nil), ObviousBlame(server.batch.events))
  }

  @Test func `is the same where the past has been forgotten`() {
    var server = RandomServer(seed: 4_711, longest: 2_000)
    var analyzer = Analyzer(thresholds: Thresholds(slow: .milliseconds(100)))
    var taken = 0
    while server.batch.events.count < 16_000 {
      server.tick()
      analyzer.consume(
        Batch(loop: LoopID(1), events: Array(server.batch.events[taken...]), texts: server.batch.texts),
        definitions: Self.definitions)
      taken = server.batch.events.count
    }
    let report = analyzer.report(at: nil)
    let obvious = ObviousBlame(server.batch.events)
    #expect(obvious.pieces.count > 8_192)
    check(report, obvious)
  }
}
