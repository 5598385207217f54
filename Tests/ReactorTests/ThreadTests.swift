import Glibc
import Reactor
import ReactorTesting
import Testing

/// Holds threads until it is opened.
private final class Gate: Sendable {
  private let isOpen = Monitor(false)
  func open() { isOpen.withLock { $0 = true } }
  func wait() {
    while !isOpen.withLock({ $0 }) { usleep(100) }
  }
}

@Suite("A reactor and threads", .serialized)
struct ThreadTests {
  private let log = Box<[String]>([])

  @Test("runs calls from other threads on its own, in each one's order", arguments: LoopKind.allCases)
  func remote(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let remote = loop.reactor.remote
    let calls = Monitor<[Int: [Int]]>([:])
    let left = Monitor(4)
    let loopThread = pthread_self()
    for thread in 0..<4 {
      _ = loop.reactor.inThread {
        for call in 0..<1_000 {
          remote.call { reactor in
            #expect(pthread_equal(pthread_self(), loopThread) != 0)
            calls.withLock { $0[thread, default: []].append(call) }
            guard call == 999 else { return }
            let isLast = left.withLock { left in
              left -= 1
              return left == 0
            }
            if isLast { reactor.stop() }
          }
        }
      }
    }
    loop.run()
    for thread in 0..<4 { #expect(calls.withLock { $0[thread] } == Array(0..<1_000)) }
  }

  @Test(
    "runs what was sent before what was called for soon, and what that sends in the next tick",
    arguments: LoopKind.allCases)
  func order(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let (reactor, remote) = (loop.reactor, loop.reactor.remote)
    let log = Monitor<[String]>([])
    reactor.callSoon {
      reactor.callSoon { log.withLock { $0.append("soon") } }
      remote.call { reactor in
        log.withLock { $0.append("first") }
        reactor.callSoon {
          log.withLock { $0.append("later soon") }
          reactor.stop()
        }
        remote.call { _ in log.withLock { $0.append("later") } }
      }
      remote.call { _ in log.withLock { $0.append("second") } }
    }
    loop.run()
    #expect(log.withLock { $0 } == ["first", "second", "soon", "later", "later soon"])
  }

  @Test("runs no more calls once one of them has ended the reactor, and ends its tasks")
  func endInCall() throws {
    nonisolated(unsafe) let virtual = try VirtualReactor(recording: .off)
    let (reactor, remote) = (virtual.reactor, virtual.reactor.remote)
    let log = Monitor<[String]>([])
    reactor.task {
      do {
        try await reactor.sleep(for: .seconds(1))
      } catch {
        log.withLock { $0.append("task: \(error)") }
      }
    }
    virtual.settle()
    remote.call { _ in
      remote.call { _ in log.withLock { $0.append("sent by it") } }
      virtual.end()
      log.withLock { $0.append("ended") }
    }
    remote.call { _ in log.withLock { $0.append("sent with it") } }
    virtual.settle()
    #expect(log.withLock { $0 } == ["task: CancellationError()", "ended"])
  }

  @Test("lets go of a call that comes after the end, whatever that leads to", arguments: LoopKind.allCases)
  func callAfterEnd(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let remote = loop.reactor.remote
    loop.reactor.callSoon { loop.reactor.stop() }
    loop.run()
    let log = Monitor<[Bool]>([])
    func call() -> @Sendable (Reactor) -> Void {
      nonisolated(unsafe) let canary = Canary { log.withLock { $0.append(remote.call { _ in }) } }
      return { _ in withExtendedLifetime(canary) {} }
    }
    #expect(!remote.call(call()))
    #expect(log.withLock { $0 } == [false])
  }

  @Test("gets a thread's result as a value or as a failure", arguments: LoopKind.allCases)
  func results(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let loopThread = pthread_self()
    loop.reactor.inThread { pthread_equal(pthread_self(), loopThread) == 0 }
      .addCallback { wasElsewhere in
        log.add("\(wasElsewhere)")
        return loop.reactor.inThread { () throws -> Int in throw Oops.second }
      }
      .addBoth { result in
        if case .failure(let error) = result { log.add("\(error)") }
        loop.reactor.stop()
      }
    loop.run()
    #expect(log.value == ["true", "second"])
  }

  @Test("reports a thread's failure that nobody handles", arguments: LoopKind.allCases)
  func unhandled(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let reactor = loop.reactor
    reactor.onUnhandledFailure = { failure in
      log.add("\(failure.error)")
      reactor.stop()
    }
    _ = reactor.inThread { () throws -> Int in throw Oops.first }
    loop.run()
    #expect(log.value == ["first"])
  }

  @Test("runs no more calls at a time than the pool has threads", arguments: LoopKind.allCases)
  func poolSize(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind, threads: 2)
    let running = Monitor((now: 0, most: 0))
    let left = Box(20)
    for _ in 0..<20 {
      loop.reactor.inThread {
        running.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        usleep(500)
        running.withLock { $0.now -= 1 }
      }.addCallback {
        left.value -= 1
        if left.value == 0 { loop.reactor.stop() }
      }
    }
    loop.run()
    #expect(running.withLock { $0.most } <= 2)
  }

  @Test("takes a call back that waits for a thread, drops the result of one that runs", arguments: LoopKind.allCases)
  func cancel(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind, threads: 1)
    let gate = Gate()
    let ran = Monitor<[String]>([])
    let first = loop.reactor.inThread {
      ran.withLock { $0.append("first began") }
      gate.wait()
    }
    let second = loop.reactor.inThread { ran.withLock { $0.append("second") } }
    let third = loop.reactor.inThread { ran.withLock { $0.append("third") } }
    first.addBoth { log.add("first \($0)") }
    second.addBoth { log.add("second \($0)") }
    third.addCallback { loop.reactor.stop() }
    loop.reactor.callSoon {
      while ran.withLock({ $0.isEmpty }) { usleep(100) }
      first.cancel()
      second.cancel()
      gate.open()
    }
    loop.run()
    #expect(log.value == ["first failure(Swift.CancellationError())", "second failure(Swift.CancellationError())"])
    #expect(ran.withLock { $0 } == ["first began", "third"])
  }

  @Test("does not wait for its threads when it ends", arguments: LoopKind.allCases)
  func endWhileBusy(kind: LoopKind) throws {
    let began = Gate()
    let gate = Gate()
    let finished = Gate()
    do {
      let loop = try LoopUnderTest(kind, threads: 1)
      loop.reactor.inThread {
        began.open()
        gate.wait()
        finished.open()
      }.addBoth { _ in log.add("never") }
      loop.reactor.callSoon {
        began.wait()
        loop.reactor.stop()
      }
      loop.run()
    }
    gate.open()
    finished.wait()
    #expect(log.value == [])
  }

  @Test("fails a call that finds the pool's queue full, and only that", arguments: LoopKind.allCases)
  func fullQueue(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind, threads: 1, queue: 2)
    let gate = Gate()
    let calls = (1...5).map { number in
      loop.reactor.inThread {
        gate.wait()
        return number
      }
    }
    for call in calls {
      call.addBoth { result in
        switch result {
        case .success(let number): log.add("\(number)")
        case .failure(let error): log.add("\(error)")
        }
        if log.value.count == 5 { loop.reactor.inThread { 6 }.addCallback { _ in loop.reactor.stop() } }
      }
    }
    loop.reactor.callSoon { gate.open() }
    loop.run()
    let full = "the thread pool's queue is full: 2 calls wait"
    #expect(log.value == [full, full, "1", "2", "3"])
  }
}
