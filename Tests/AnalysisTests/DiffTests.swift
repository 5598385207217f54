import Testing
import Trace

@testable import Analysis

@Suite struct `The rank test` {
  private func counted(_ values: ClosedRange<UInt64>, times count: UInt64 = 1) -> [(value: UInt64, count: UInt64)] {
    values.map { ($0, count) }
  }

  @Test func `gives the score that is worked out by hand`() throws {
    // 8 against 8, every later one longer: 64 wins of 64, 32 expected, variance 8·8·17/12.
    let test = try #require(RankTest(counted(1...8), counted(9...16)))
    let variance = 64.0 * 17 / 12
    #expect(abs(test.score - 32 / variance.squareRoot()) < 1e-12)
    // 48 wins, and 12 and 4 that are tied: 12³ − 12 and 4³ − 4 of 16·15 make 7.4 less than 17.
    let tied = try #require(RankTest([(1, 8)], [(1, 4), (2, 4)]))
    let tiedVariance = 64.0 * 9.6 / 12
    #expect(abs(tied.score - 16 / tiedVariance.squareRoot()) < 1e-12)
  }

  @Test func `is the same with its sides changed, but for the sign`() throws {
    let (few, many) = (counted(3...40), counted(5...80, times: 3))
    let there = try #require(RankTest(few, many))
    let back = try #require(RankTest(many, few))
    #expect(there.score > RankTest.significant && abs(there.score + back.score) < 1e-9)
  }

  @Test func `judges nothing of too few, or of what never varies`() {
    #expect(RankTest(counted(1...7), counted(1...100)) == nil)
    #expect(RankTest([(5, 100)], [(5, 100)]) == nil)
  }
}

@Suite struct `A comparison` {
  /// Passes with a callback each, which takes about so many microseconds.
  private func trace(_ site: Int, microseconds: Int, callbacks: Int = 200) -> String {
    var lines = "1 1.000000000 loop-begin\n"
    var (time, serial) = (1_000_000_000, 1)
    func add(_ line: String) {
      let fraction = String(time % 1_000_000_000 + 1_000_000_000).dropFirst()
      lines += "1 \(time / 1_000_000_000).\(fraction) \(line)\n"
    }
    for round in 0..<callbacks {
      add("poll-enter")
      time += 1_000_000
      add("poll-return ready=1")
      add("begin span=\(serial * 4) kind=io trigger=poll site=\(site)")
      time += microseconds * (900 + round * 7 % 200)
      add("end span=\(serial * 4)")
      time += 1_000
      serial += 1
    }
    return lines
  }

  @Test func `tells slower and faster from chance`() throws {
    let usual = try analyze(trace(2, microseconds: 100))
    let slow = try analyze(trace(2, microseconds: 150))
    #expect(Comparison(of: usual, with: slow).sites.map(\.change) == [.worse])
    #expect(Comparison(of: slow, with: usual).sites.map(\.change) == [.better])
    let again = Comparison(of: usual, with: try analyze(trace(2, microseconds: 101)))
    #expect(again.sites.map(\.change) == [.same])
    #expect(DiffReport.render(again).hasPrefix("No difference beyond chance.\n"))
  }

  @Test func `keeps functions of the same name apart by their lines`() throws {
    let before = [site(line: 10), site(line: 20)]
    #expect(Comparison.names(before, besides: []) == ["f() io:10", "f() io:20"])
    #expect(Comparison.names([site(line: 10)], besides: before) == ["f() io:10"])
    #expect(Comparison.names([site(line: 10)], besides: [site(line: 12)]) == ["f() io"])
  }

  private func site(line: UInt32) -> Comparison.Place {
    Comparison.Place(site: Site(function: "f()", file: "F.swift", line: line), kind: .io)
  }

  @Test func `tells what is new and what is gone`() throws {
    let comparison = Comparison(
      of: try analyze(trace(2, microseconds: 100)), with: try analyze(trace(3, microseconds: 60_000, callbacks: 9)))
    #expect(comparison.sites.map(\.change) == [.new, .gone])
    #expect(comparison.findings.map(\.change) == [.new])
    #expect(comparison.findings.map(\.finding.id) == ["blocking-callback"])
    let back = Comparison(
      of: try analyze(trace(3, microseconds: 60_000, callbacks: 9)), with: try analyze(trace(2, microseconds: 100)))
    #expect(back.findings.map(\.change) == [.gone] && back.findings[0].after == 0)
  }
}
