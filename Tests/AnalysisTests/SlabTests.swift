import Testing

@testable import Analysis

@Suite("A slab")
struct SlabTests {
  @Test("does what an array does")
  func array() {
    var random = SystemRandomNumberGenerator()
    var slab = Slab<String>()
    var array: [String] = []
    for step in 0..<2_000 {
      let element = "\(step)"
      switch UInt8.random(in: 0..<8, using: &random) {
      case 0...3:
        slab.append(element)
        array.append(element)
      case 4: #expect(slab.popLast() == array.popLast())
      case 5:
        let place = Int.random(in: 0...array.count, using: &random)
        slab.insert(element, at: place)
        array.insert(element, at: place)
      case 6:
        let count = Int.random(in: 0...min(array.count, 3), using: &random)
        slab.removeFirst(count)
        array.removeFirst(count)
      default:
        let count = Int.random(in: 0...min(array.count, 3), using: &random)
        slab.removeLast(count)
        array.removeLast(count)
      }
      if let place = array.indices.randomElement(using: &random) {
        slab[place] += "!"
        array[place] += "!"
      }
    }
    #expect(Array(slab) == array)
  }

  @Test("that is owned again has memory of its own, and the copy keeps what it had")
  func copies() {
    var slab = Slab(repeating: "kept", count: 20)
    let copy = slab
    slab.own()
    slab[3] = "changed"
    slab.append("added")
    #expect(copy.count == 20 && copy.allSatisfy { $0 == "kept" })
    #expect(slab[3] == "changed" && slab.count == 21)
  }

  @Test("grows to as many as are asked for, and never shrinks by it")
  func growing() {
    var slab = Slab<Int>()
    slab.grow(to: 100, 7)
    slab.grow(to: 50, 8)
    #expect(slab.count == 100 && slab.allSatisfy { $0 == 7 })
  }
}

@Suite("How durations are distributed")
struct DurationsTests {
  @Test("parts are never wider than their begin's 128th, and stand for their end")
  func widths() throws {
    for _ in 0..<1_000 {
      let length = UInt64.random(in: 0...(1 << 56)) >> UInt64.random(in: 0..<56)
      var durations = Durations()
      durations.record(.init(Int64(length)))
      let bucket = try #require(durations.buckets.first)
      #expect(bucket.count == 1 && bucket.value >= length && bucket.value - length <= length / 128)
    }
  }

  @Test("percentiles are those of the sorted lengths, within a part, and the longest is exact")
  func percentiles() throws {
    var durations = Durations()
    let lengths = (0..<999).map { _ in Int64.random(in: 0...10_000_000) }.sorted()
    for length in lengths.shuffled() { durations.record(.init(length)) }
    let found = try #require(durations.percentiles)
    for (value, share) in [(found.p50, 50), (found.p90, 90), (found.p99, 99)] {
      let exact = lengths[(999 * share + 99) / 100 - 1]
      #expect(value.count >= exact && value.count - exact <= exact / 128)
    }
    #expect(found.max.count == lengths[998] && found.count == 999)
  }

  @Test("negative lengths are none, and those of centuries are two years")
  func bounds() {
    var durations = Durations()
    durations.record(.init(-5))
    durations.record(.init(.max))
    #expect(durations.buckets.map(\.count) == [1, 1] && durations.buckets[0].value == 0)
  }
}
