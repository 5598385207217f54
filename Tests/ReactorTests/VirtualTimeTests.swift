import Reactor
import ReactorTesting
import Testing
import Trace

@Suite("A virtual reactor")
struct VirtualTimeTests {
  private let virtual: VirtualReactor
  private let log = Box<[String]>([])
  private var reactor: Reactor { virtual.reactor }
  private let start = Instant(1_000_000_000)

  init() throws { virtual = try VirtualReactor(recording: .off) }

  private func milliseconds(_ moment: Instant) -> Int64 { (moment - start).count / 1_000_000 }

  @Test("runs nothing before its time, and each timer with the clock at its due moment")
  func dueMoments() {
    for delay in [30, 10, 20] {
      reactor.callLater(.milliseconds(Int64(delay))) { log.add("\(delay) at \(milliseconds(reactor.now))") }
    }
    virtual.advance(by: .milliseconds(9))
    #expect(log.value == [])
    virtual.advance(by: .milliseconds(11))
    #expect(log.value == ["10 at 10", "20 at 20"])
    virtual.advance(by: .seconds(1))
    #expect(log.value == ["10 at 10", "20 at 20", "30 at 30"])
    #expect(milliseconds(virtual.now) == 1_020)
  }

  @Test("runs the timers that timers set, within the same advance")
  func timersThatSetTimers() {
    func again(_ left: Int) {
      if left == 0 { return }
      reactor.callLater(.milliseconds(10)) {
        log.add("\(milliseconds(reactor.now))")
        again(left - 1)
      }
    }
    again(4)
    virtual.advance(by: .milliseconds(35))
    #expect(log.value == ["10", "20", "30"])
  }

  @Test("repeats without drift, and leaves out what went by while the loop was busy")
  func repeating() {
    let timer = reactor.callEvery(.milliseconds(10)) { log.add("\(milliseconds(reactor.now))") }
    virtual.advance(by: .milliseconds(25))
    #expect(log.value == ["10", "20"])
    #expect(milliseconds(timer.due) == 30)
    timer.cancel()
    virtual.advance(by: .milliseconds(100))
    #expect(log.value == ["10", "20"])
  }

  @Test("orders and cancels ten thousand timers as a sorted list would")
  func heap() {
    var generator = SystemRandomNumberGenerator()
    var expected: [(due: Int64, index: Int)] = []
    let ran = Box<[Int]>([])
    var timers: [Timer] = []
    for index in 0..<10_000 {
      let due = Int64.random(in: 0..<1_000, using: &generator)
      expected.append((due, index))
      timers.append(reactor.callLater(.milliseconds(due)) { ran.value.append(index) })
    }
    var cancelled: Set<Int> = []
    for _ in 0..<6_000 {
      let index = Int.random(in: 0..<10_000, using: &generator)
      timers[index].cancel()
      cancelled.insert(index)
    }
    virtual.advance(by: .seconds(2))
    let order = expected.filter { !cancelled.contains($0.index) }.sorted { ($0.due, $0.index) < ($1.due, $1.index) }
    #expect(ran.value == order.map(\.index))
  }

  @Test("repeats timers of many periods in the order of due moments, then of setting")
  func periods() {
    struct Pending {
      let index: Int
      var due: Int64
      var sequence: Int
    }
    let periods = (0..<100).map { Int64(1 + $0 * 7 % 13) }
    var fired: [Int] = []
    for (index, period) in periods.enumerated() {
      reactor.callEvery(.milliseconds(period)) { fired.append(index) }
    }
    virtual.advance(by: .milliseconds(60))
    var pending = periods.indices.map { Pending(index: $0, due: periods[$0], sequence: $0) }
    var expected: [Int] = []
    while let next = pending.indices.min(by: {
      (pending[$0].due, pending[$0].sequence) < (pending[$1].due, pending[$1].sequence)
    }), pending[next].due <= 60 {
      expected.append(pending[next].index)
      pending[next].due += periods[pending[next].index]
      pending[next].sequence = periods.count + expected.count
    }
    #expect(fired == expected)
  }

  @Test("stops advancing when the program stops its reactor")
  func stop() {
    reactor.callLater(.milliseconds(10)) { reactor.stop() }
    reactor.callLater(.milliseconds(20)) { log.add("never") }
    virtual.advance(by: .seconds(1))
    #expect(log.value == [])
    #expect(milliseconds(virtual.now) == 10)
  }

  @Test("gives up waiting for what does not come")
  func patience() {
    #expect(!virtual.run(until: { false }, patience: .milliseconds(1)))
  }

  @Test("ends the program when a callback moves its clock")
  func nested() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let virtual = try VirtualReactor(recording: .off)
      virtual.reactor.callSoon { virtual.advance(by: .seconds(1)) }
      virtual.settle()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("advance of a VirtualReactor within a callback of its reactor main"))
  }
}
