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
