import Testing
import Trace

@testable import Analysis

@Suite struct `A pool of values by id` {
  @Test func `finds what was put in and not what was taken out, whatever the order`() {
    var pool = IDPool<UInt64>()
    var expected: [UInt64: UInt64] = [:]
    var random = SplitMix(state: 1)
    for step in 0..<20_000 {
      // Few ids, so that they come and go and collide.
      let id = random.next() % 512
      if let slot = pool.slot(of: id) {
        #expect(pool[slot] == expected[id])
        pool.remove(slot)
        expected[id] = nil
      } else {
        #expect(expected[id] == nil)
        if let slot = pool.insert(id, fresh: 0) { pool[slot] = UInt64(step) }
        expected[id] = UInt64(step)
      }
    }
    #expect(pool.count == expected.count)
    #expect(pool.allSlots.count <= 512)
    for (id, value) in expected { #expect(pool.slot(of: id).map { pool[$0] } == value) }
  }

  @Test func `takes no more than its limit`() {
    var pool = IDPool<Int>(limit: 2)
    #expect(pool.insert(0, fresh: 7) == 0)
    #expect(pool.insert(.max, fresh: 8) == 1)
    #expect(pool.insert(5, fresh: 9) == nil)
    pool.remove(0)
    #expect(pool.insert(5, fresh: 9) == 0)
    #expect(pool[0] == 7, "what was left is there to be used again")
  }

  @Test func `finds a value under a second id until both are gone`() {
    var pool = IDPool<Int>()
    let slot = pool.insert(1, fresh: 7)
    pool.rename(0, to: 2)
    #expect(pool.slot(of: 1) == slot && pool.slot(of: 2) == slot && pool.id(at: 0) == 2)
    pool.remove(0)
    pool.removeKey(1)
    #expect(pool.slot(of: 1) == nil && pool.slot(of: 2) == nil)
  }
}

@Suite struct `A list of the longest` {
  @Test func `keeps the longest in order, and the earlier of equals`() {
    var list = TopList<String>(limit: 3)
    for (duration, name) in [(5, "a"), (1, "b"), (9, "c"), (5, "d"), (1, "e"), (7, "f")] {
      list.insert(Nanoseconds(Int64(duration)), name)
    }
    #expect(list.elements.map(\.element) == ["c", "f", "a"])
    #expect(!list.admits(Nanoseconds(5)) && list.admits(Nanoseconds(6)))
  }
}

@Suite struct `A distribution of durations` {
  @Test func `has percentiles to two digits and the longest exactly`() throws {
    var durations = Durations()
    #expect(durations.percentiles == nil)
    for count in 1...1_000 { durations.record(.microseconds(Int64(count))) }
    let found = try #require(durations.percentiles)
    #expect(found.count == 1_000)
    #expect(found.max == .microseconds(1_000))
    for (percentile, exact) in [(found.p50, 500_000.0), (found.p90, 900_000), (found.p99, 990_000)] {
      #expect(abs(Double(percentile.count) - exact) / exact < 0.01)
    }
  }

  @Test func `takes any number there is`() throws {
    var durations = Durations()
    for count in [Int64.min, -1, 0, .max] { durations.record(Nanoseconds(count)) }
    #expect(durations.percentiles?.max == Nanoseconds(.max))
    #expect(durations.percentiles?.p50 == .zero)
  }
}

@Suite struct `Numbers and names` {
  @Test(
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1.00 µs"), (9_994, "9.99 µs"), (9_995, "10.0 µs"), (99_949, "99.9 µs"),
      (99_950, "100 µs"), (999_499, "999 µs"), (999_500, "1.00 ms"), (1_237_000, "1.24 ms"), (203_000_000, "203 ms"),
      (999_500_000, "1.00 s"), (12_345_000_000, "12.3 s"), (99_949_999_999, "99.9 s"),
      (99_950_000_000, "1 min 39 s"), (3_600_000_000_000, "1 h 00 min"), (-1_500_000, "-1.50 ms"),
      (359_999_000_000_000, "99 h 59 min"), (.max, "106751 d"), (.min, "-106751 d"),
    ] as [(Int64, String)])
  func `durations have three digits`(count: Int64, text: String) {
    #expect(Format.duration(Nanoseconds(count)) == text)
  }

  @Test(
    arguments: [
      (0, "0"), (999, "999"), (1_000, "1,000"), (9_999_999, "9,999,999"), (10_000_000, "10.0 M"),
      (999_499_999, "999 M"),
      (999_500_000, "1.00 G"),
      (123_456_789, "123 M"), (1_234_567_890, "1.23 G"), (.max, "18.4 E"),
    ] as [(UInt64, String)])
  func `counts are grouped`(count: UInt64, text: String) {
    #expect(Format.count(count) == text)
  }

  @Test func `percentages do not hide what is little`() {
    #expect([0, 0.001, 0.204, 1, 7, -1].map(Format.percent) == ["0 %", "<1 %", "20 %", "100 %", "100 %", "0 %"])
  }

  @Test func `what a terminal would obey is made visible`() {
    #expect(Format.visible("a\u{1b}[2J\n\u{7f}\u{9b}\u{202e}é🎈") == "a␛[2J␊␡<U+9B><U+202E>é🎈")
  }

  @Test func `texts are cut and wrapped by the columns that they take`() {
    #expect("größe".displayWidth == 5)
    #expect("e\u{301}日本🎈".displayWidth == 7)
    #expect("abcdefghij".shortened(to: 5) == "ab…ij")
    #expect("日本日本".shortened(to: 5) == "日…本")
    #expect("abc".shortened(to: 1) == "…")
    #expect("one two  three fourteen".wrapped(to: 8) == ["one two", "three", "fourteen"])
    #expect("".wrapped(to: 8) == [])
    #expect("waited for 4.09 s, twice".wrapped(to: 15) == ["waited for", "4.09 s, twice"])
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_772_366_400_250_999_999, "2026-03-01T12:00:00.250Z"),
      (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (.max, "2262-04-11T23:47:16.854Z"), (.min, "1677-09-21T00:12:43.145Z"),
    ] as [(Int64, String)])
  func `dates are those of the calendar`(nanoseconds: Int64, text: String) {
    #expect(UTCDate.text(nanoseconds: nanoseconds) == text)
  }

  @Test func `JSON is what JSON readers expect`() {
    let json = JSON.object([
      ("a", .array([.integer(.min), .number(0.25), .number(.infinity), .bool(true), .null])),
      ("\"", "\u{1}\\\t\u{9b}é"), ("empty", .array([])),
    ])
    #expect(
      json.text == #"""
        {
          "a": [-9223372036854775808, 0.25, null, true, null],
          "\"": "\u0001\\\t\u009bé",
          "empty": []
        }
        """#)
  }
}

/// The same numbers in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
