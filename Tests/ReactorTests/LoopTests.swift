import Glibc
import Reactor
import Testing
import Trace

@Suite("Any reactor", .serialized)
struct LoopTests {
  private let log = Box<[String]>([])

  @Test("runs what is called for soon in order, and what that calls for in the next tick", arguments: LoopKind.allCases)
  func callSoon(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    reactor.callSoon {
      log.add("a")
      reactor.callSoon {
        log.add("c")
        reactor.stop()
      }
      reactor.callLater(.zero) { log.add("timer of the next tick") }
    }
    reactor.callSoon { log.add("b") }
    loop.run()
    #expect(log.value == ["a", "b", "timer of the next tick", "c"])
  }

  @Test("runs timers soonest first, and those due at once in the order of their setting", arguments: LoopKind.allCases)
  func timerOrder(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    reactor.callSoon {
      reactor.callLater(.milliseconds(3)) { log.add("3") }
      reactor.callLater(.milliseconds(1)) { log.add("1a") }
      reactor.callLater(.milliseconds(2)) { log.add("2") }
      reactor.callLater(.milliseconds(1)) { log.add("1b") }
      reactor.callLater(.seconds(-5)) { log.add("0") }
    }
    loop.run(for: .milliseconds(20))
    #expect(log.value == ["0", "1a", "1b", "2", "3"])
  }

  @Test("takes a time that is too long for never", arguments: LoopKind.allCases)
  func never(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let longest = Nanoseconds(.max)
    let timer = reactor.callLater(longest) { log.add("timer") }
    reactor.callEvery(longest) { log.add("repeating") }
    reactor.after(longest).addBoth { _ in log.add("deferred") }
    reactor.deferred(of: Int.self).timeOut(after: longest).addBoth { _ in log.add("time-out") }
    reactor.callLater(.zero) { timer.reschedule(after: longest) }
    let pending = reactor.deferred(of: Void.self)
    reactor.onShutDown { pending }
    reactor.callLater(.milliseconds(1)) {
      reactor.shutDown(within: longest).addCallback { log.add("clean \($0.isClean)") }
      reactor.callLater(.milliseconds(1)) { pending.callback() }
    }
    loop.drive(for: .milliseconds(5))
    #expect(log.value == ["clean true"])
  }

  @Test("sleeps and gives up by its clock", arguments: LoopKind.allCases)
  func sleepsAndTimeOuts(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let never = reactor.deferred(of: Int.self)
    never.timeOut(after: .milliseconds(2)).addBoth { _ in log.add("2") }
    reactor.after(.milliseconds(4)).timeOut(after: .seconds(100)).addBoth { _ in log.add("4") }
    reactor.task {
      try await reactor.sleep(for: .milliseconds(1))
      log.add("1")
      try await reactor.sleep(for: .milliseconds(2))
      log.add("3")
    }
    loop.run(for: .seconds(kind == .real ? 0.1 : 20))
    // A tick that is late brings several at once: only by a virtual clock is their order certain.
    #expect(log.value.sorted() == ["1", "2", "3", "4"])
    #expect(kind == .real || log.value == log.value.sorted())
  }

  @Test("runs a timer that was put off, or sooner, at its new time only", arguments: LoopKind.allCases)
  func rescheduled(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let putOff = reactor.callLater(.milliseconds(1)) { log.add("put off") }
    let sooner = reactor.callLater(.seconds(1_000)) { log.add("sooner") }
    let again = Box(0)
    let repeating = reactor.callEvery(.seconds(1_000)) { again.value += 1 }
    reactor.callLater(.milliseconds(2)) { log.add("between") }
    reactor.callSoon {
      let now = reactor.now
      #expect(putOff.reschedule(after: .milliseconds(4)))
      #expect(putOff.due == now + .milliseconds(4))
      #expect(sooner.reschedule(after: .seconds(-1)))
      #expect(sooner.due == now)
      #expect(repeating.reschedule(after: .milliseconds(3)))
    }
    loop.run(for: .milliseconds(20))
    #expect(log.value == ["sooner", "between", "put off"])
    #expect(again.value == 1)
    #expect(!putOff.reschedule(after: .zero))
    #expect(!repeating.reschedule(after: .zero))
    #expect(!putOff.isPending && !repeating.isPending)
  }

  @Test("runs half of a million timers by their due times, and not the cancelled half", arguments: LoopKind.allCases)
  func millionTimers(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    #if DEBUG
      // Fewer: unoptimised, the million would take a quarter of a minute.
      let count = 100_000
    #else
      let count = 500_000
    #endif
    var last = Int64(-1)
    var ran = 0
    // Within a tick, where time stands: all delays count from one moment.
    reactor.callSoon {
      let cancelled = (0..<count).map { _ in reactor.callLater(.zero) { ran = -1 } }
      for index in 0..<count {
        // Times a number that has no divisor in common with the count: each delay once, in no order.
        let delay = Int64(index * 300_007 % count)
        reactor.callLater(Nanoseconds(delay)) {
          if delay > last { ran += 1 }
          last = delay
          if ran == count { reactor.stop() }
        }
      }
      for timer in cancelled { timer.cancel() }
    }
    loop.drive(for: .milliseconds(1))
    #expect(ran == count)
  }

  @Test("never runs a cancelled timer, and lets go of it at once", arguments: LoopKind.allCases)
  func cancelledTimer(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    var canary: Canary? = Canary { log.add("gone") }
    let timer = loop.reactor.callLater(.milliseconds(1)) { [canary] in
      withExtendedLifetime(canary) { log.add("ran") }
    }
    canary = nil
    #expect(timer.isPending)
    timer.cancel()
    timer.cancel()
    #expect(!timer.isPending)
    #expect(log.value == ["gone"])
    loop.run(for: .milliseconds(10))
    #expect(log.value == ["gone"])
  }

  @Test("lets a repeating timer cancel itself", arguments: LoopKind.allCases)
  func repeating(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let timer = Box<Timer?>(nil)
    timer.value = loop.reactor.callEvery(.milliseconds(1)) {
      log.add("ran")
      guard log.value.count == 3 else { return }
      timer.value?.cancel()
      loop.reactor.callLater(.milliseconds(5)) { loop.reactor.stop() }
    }
    loop.drive(for: .milliseconds(30))
    #expect(log.value == ["ran", "ran", "ran"])
  }

  @Test(
    "lets go of a repeating timer that cancels itself, and of its callback, once it has run",
    arguments: LoopKind.allCases)
  func letGoOfTimer(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    weak var timer: Timer?
    let canary = Box<Canary?>(Canary { log.add("gone") })
    timer = loop.reactor.callEvery(.milliseconds(1)) { [canary = canary.value] in
      timer?.cancel()
      withExtendedLifetime(canary) { log.add("cancelled, pending \(timer?.isPending ?? true)") }
      loop.reactor.callSoon { loop.reactor.stop() }
    }
    canary.value = nil
    loop.drive(for: .milliseconds(30))
    #expect(log.value == ["cancelled, pending false", "gone"])
    #expect(timer == nil)
  }

  @Test("goes on with a repeating timer that is rescheduled while it runs", arguments: LoopKind.allCases)
  func rescheduleInside(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let timer = Box<Timer?>(nil)
    timer.value = loop.reactor.callEvery(.milliseconds(1)) {
      log.add("ran")
      if log.value.count == 3 { return loop.reactor.stop() }
      #expect(timer.value?.reschedule(after: .milliseconds(2)) == true)
    }
    loop.drive(for: .milliseconds(30))
    #expect(log.value == ["ran", "ran", "ran"])
  }

  @Test("leaves out the deliveries of a repeating timer that went by while it was busy")
  func busyRepeating() throws {
    let loop = try LoopUnderTest(.real)
    let reactor = loop.reactor
    let period = Nanoseconds.milliseconds(1)
    let timer = Box<Timer?>(nil)
    timer.value = reactor.callEvery(period) {
      log.add("ran")
      usleep(3_500)
      if log.value.count == 3 { reactor.stop() }
    }
    let first = timer.value!.due
    loop.run()
    let due = timer.value!.due - first
    #expect(due.count % period.count == 0)
    // The third came after two times three and a half periods: next is the eighth or a later one, not the third.
    #expect(due.count / period.count >= 8)
  }

  @Test("is not starved by work that breeds work", arguments: LoopKind.allCases)
  func starvation(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let isDone = Box(false)
    func breed() {
      if isDone.value { return }
      reactor.callSoon { breed() }
      reactor.callLater(.zero) {}
    }
    breed()
    let thread = reactor.inThread { 5 }
    thread.addCallback { value in
      log.add("\(value)")
      isDone.value = true
      reactor.stop()
    }
    loop.run()
    #expect(log.value == ["5"])
  }

  @Test("goes on after a callback that throws, and reports it with its site", arguments: LoopKind.allCases)
  func throwing(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    var sites: [String] = []
    reactor.onUnhandledFailure = { failure in
      log.add("\(failure.error)")
      sites.append("\(failure.site)")
    }
    reactor.callSoon { throw Oops.first }
    reactor.callLater(.milliseconds(1)) { throw Oops.second }
    reactor.callLater(.milliseconds(2)) { log.add("still there") }
    loop.run(for: .milliseconds(10))
    #expect(log.value == ["first", "second", "still there"])
    #expect(sites.allSatisfy { $0.hasPrefix("throwing(kind:) (ReactorTests/LoopTests.swift:") })
  }

  @Test("lets go of everything when it ends, and calls nobody any more", arguments: LoopKind.allCases)
  func ending(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    let remote = reactor.remote
    let gone = Box(0)
    func canary() -> Canary { Canary { gone.value += 1 } }
    do {
      let canaries = (canary(), canary(), canary(), canary())
      reactor.callLater(.seconds(100)) { withExtendedLifetime(canaries.0) { log.add("timer") } }
      reactor.callEvery(.seconds(100)) { withExtendedLifetime(canaries.1) { log.add("repeating") } }
      try reactor.listen(host: "127.0.0.1", port: 0) { _ in withExtendedLifetime(canaries.2) { log.add("listener") } }
      reactor.connect(host: "127.0.0.1", port: 1).addBoth { _ in withExtendedLifetime(canaries.3) {} }
    }
    reactor.callSoon {
      reactor.stop()
      reactor.callSoon { log.add("never") }
    }
    loop.run()
    #expect(gone.value == 4)
    #expect(log.value == [])
    #expect(!remote.call { _ in })
    reactor.callSoon { log.add("never") }
    #expect(!reactor.callLater(.zero) { log.add("never") }.isPending)
    #expect(throws: ReactorError.ended) { try reactor.listen(host: "127.0.0.1", port: 0) { _ in } }
    reactor.inThread { 1 }.addErrback { error in
      log.add("\(error)")
      return 0
    }
    #expect(log.value == ["the reactor has ended"])
  }

  @Test("ends the program when it is used from another thread")
  func wrongThread() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = try LoopUnderTest(.real)
      nonisolated(unsafe) let reactor = loop.reactor
      reactor.callSoon { _ = reactor.inThread { reactor.callSoon {} } }
      loop.run()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("callSoon on reactor main (running) from a thread other than its own"))
  }

  @Test("ends the program when a connection is written to from another thread, be it nothing")
  func wrongThreadWrite() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = try LoopUnderTest(.real)
      let listener = try loop.reactor.listen(host: "127.0.0.1", port: 0) { connection in
        nonisolated(unsafe) let connection = connection
        _ = loop.reactor.inThread { connection.write([]) }
      }
      _ = loop.reactor.connect(to: listener.address)
      loop.run()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("Connection.write on reactor main (running) from a thread other than its own"))
  }

  @Test("ends the program when it is run twice, or run with a virtual clock")
  func runTwice() async {
    await #expect(processExitsWith: .failure) {
      let reactor = try Reactor(recording: .off)
      reactor.stop()
      reactor.run()
      reactor.run()
    }
    await #expect(processExitsWith: .failure) { try LoopUnderTest(.virtual).reactor.run() }
  }
}
