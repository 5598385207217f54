import Glibc
import Reactor
import ReactorTesting
import Testing

/// An actor that lives on a reactor.
private actor Counter {
  nonisolated let executor: ReactorExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private(set) var count = 0

  init(_ executor: ReactorExecutor) { self.executor = executor }
  func add(_ number: Int) -> Int {
    count += number
    return count
  }
}

/// An actor that lives on Swift's own threads.
private actor Elsewhere {
  func double(_ number: Int) -> Int { 2 * number }
  func nap() { usleep(2_000) }
}

@Suite("A task", .serialized)
struct TaskTests {
  private let loop: Unrecorded
  private let log = Box<[String]>([])
  private var reactor: Reactor { loop.reactor }
  private var virtual: VirtualReactor { loop.virtual }

  init() throws { loop = try Unrecorded() }

  @Test("begins in the next ready phase, runs on the loop and fires its Deferred", arguments: LoopKind.allCases)
  func runs(kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let thread = pthread_self()
    let reactor = loop.reactor
    reactor.task {
      log.add("began")
      await Task.yield()
      #expect(pthread_equal(pthread_self(), thread) != 0)
      return 5
    }.addCallback { value in
      log.add("\(value)")
      reactor.stop()
    }
    #expect(log.value == [])
    loop.run()
    #expect(log.value == ["began", "5"])
  }

  @Test("awaits a Deferred's value, and takes its failure, which is handled then")
  func awaits() {
    let first = reactor.deferred(of: Int.self)
    let second = reactor.deferred(of: Int.self)
    reactor.task {
      log.add("\(try await first.value)")
      do { _ = try await second.value } catch { log.add("\(error)") }
      log.add("\(try await first.value)")
    }
    reactor.callLater(.milliseconds(1)) { first.callback(1) }
    reactor.callLater(.milliseconds(2)) { second.errback(Oops.first) }
    virtual.advance(by: .milliseconds(1))
    #expect(log.value == ["1"])
    virtual.advance(by: .milliseconds(1))
    #expect(log.value == ["1", "first", "1"])
    #expect(loop.failures.value == [])
  }

  @Test("that throws is an unhandled failure unless somebody takes it")
  func throwing() {
    reactor.task { throw Oops.first }
    reactor.task { throw Oops.second }.addErrback { log.add("\($0)") }
    virtual.settle()
    #expect(loop.failures.value == ["first"])
    #expect(log.value == ["second"])
  }

  @Test("sleeps by the reactor's clock, in order with timers")
  func sleeps() {
    for delay in [30, 10, 20] {
      reactor.task {
        try await reactor.sleep(for: .milliseconds(Int64(delay)))
        log.add("\(delay)")
      }
    }
    reactor.callLater(.milliseconds(15)) { log.add("timer") }
    virtual.advance(by: .milliseconds(9))
    #expect(log.value == [])
    virtual.advance(by: .milliseconds(21))
    #expect(log.value == ["10", "timer", "20", "30"])
  }

  @Test("interleaves with others in the same order every time")
  func deterministic() throws {
    func order() throws -> [String] {
      let loop = try Unrecorded()
      let log = Box<[String]>([])
      for name in ["a", "b", "c"] {
        loop.reactor.task {
          for step in 1...3 {
            log.add("\(name)\(step)")
            await Task.yield()
            async let child = name + "!"
            log.add(await child)
          }
        }
      }
      loop.virtual.settle()
      return log.value
    }
    let first = try order()
    #expect(first.count == 18)
    for _ in 0..<20 { #expect(try order() == first) }
  }

  @Test("runs its children on the loop, too")
  func children() {
    let thread = pthread_self()
    reactor.task {
      let sum = await withTaskGroup(of: Int.self) { group in
        for number in 1...10 {
          group.addTask {
            #expect(pthread_equal(pthread_self(), thread) != 0)
            await Task.yield()
            return number
          }
        }
        return await group.reduce(0, +)
      }
      log.add("\(sum)")
    }
    virtual.settle()
    #expect(log.value == ["55"])
  }

  @Test("uses actors of the loop and actors of other threads, and comes back")
  func actors() {
    let thread = pthread_self()
    let counter = Counter(reactor.executor)
    let elsewhere = Elsewhere()
    reactor.task {
      let count = await counter.add(3)
      let double = await elsewhere.double(count)
      #expect(pthread_equal(pthread_self(), thread) != 0)
      log.add("\(double)")
    }
    #expect(virtual.run(until: { log.value == ["6"] }))
    #expect(counter.assumeIsolated { $0.count } == 3)
  }

  @Test("and an actor of a loop can be awaited from outside it, also after the loop's end")
  func fromOutside() async {
    let started = Monitor<(ReactorExecutor, Remote)?>(nil)
    let ended = Monitor(false)
    _ = reactor.inThread {
      let other = try Reactor(recording: .off)
      started.withLock { $0 = (other.executor, other.remote) }
      other.run()
      ended.withLock { $0 = true }
    }
    while started.withLock({ $0 == nil }) { usleep(100) }
    let (executor, remote) = started.withLock { $0! }
    let counter = Counter(executor)
    #expect(await counter.add(2) == 2)
    #expect(await counter.add(2) == 4)
    remote.call { $0.stop() }
    while !ended.withLock({ $0 }) { usleep(100) }
    let total = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<100 { group.addTask { await counter.add(1) } }
      return await group.reduce(0, max)
    }
    #expect(total == 104)
  }

  // MARK: Cancelling

  @Test("is cancelled through its Deferred, cancels what it awaits, and fires when it has come to its end")
  func cancel() {
    let source = reactor.deferred(of: Int.self) { _ in log.add("source") }
    let task = reactor.task {
      do { _ = try await source.value } catch { log.add("\(error is CancellationError)") }
      await Task.yield()
      log.add("cleaned up")
      return "done"
    }
    task.addCallback { log.add($0) }
    virtual.settle()
    task.cancel()
    #expect(log.value == ["source"])
    virtual.settle()
    #expect(log.value == ["source", "true", "cleaned up", "done"])
  }

  @Test("that is cancelled before it awaits gets a CancellationError from the Deferred")
  func cancelledBefore() {
    let source = reactor.deferred(of: Int.self)
    let task = reactor.task { try await source.value }
    task.addErrback { error in
      log.add("\(error is CancellationError)")
      return 0
    }
    task.cancel()
    virtual.settle()
    #expect(log.value == ["true"])
    #expect(reactor.nextDue == nil)
  }

  @Test("that sleeps and is cancelled leaves no timer")
  func cancelSleep() {
    let task = reactor.task { try await reactor.sleep(for: .seconds(10)) }
    virtual.settle()
    #expect(reactor.nextDue != nil)
    task.cancel()
    virtual.settle()
    #expect(reactor.nextDue == nil)
    #expect(loop.failures.value == [])
  }

  @Test("is cancelled from another thread as well")
  func cancelFromThread() {
    let source = reactor.deferred(of: Int.self)
    reactor.task {
      let executor = reactor.executor
      let inner = Task(executorPreference: executor) { () async throws -> Void in
        while true {
          try Task.checkCancellation()
          await Task.yield()
        }
      }
      _ = try await reactor.inThread { inner.cancel() }.value
      _ = await inner.result
      log.add("inner ended")
    }
    #expect(virtual.run(until: { log.value == ["inner ended"] }))
    withExtendedLifetime(source) {}
  }

  @Test("learns that the Deferred it awaits was dropped, even at the end of a chain that is still held")
  func dropped() {
    reactor.onDroppedDeferred = { log.add("dropped: \($0.function)") }
    var source: Deferred<Int>? = reactor.deferred(function: "source")
    let middle = source!.addCallback { $0 }
    let last = middle.addCallback { $0 }
    reactor.task {
      do { _ = try await last.value } catch { log.add("\(error)") }
      do { _ = try await middle.value } catch { log.add("again") }
    }
    virtual.settle()
    source = nil
    virtual.settle()
    #expect(log.value.count == 3)
    #expect(log.value[0] == "dropped: source")
    #expect(log.value[1].contains("the Deferred made in source"))
    #expect(log.value[2] == "again")
  }

  // MARK: The end

  @Test("is cancelled when the reactor ends, and runs on until it has ended", arguments: LoopKind.allCases)
  func end(kind: LoopKind) throws {
    let canaryLog = Box<[String]>([])
    do {
      let loop = try LoopUnderTest(kind)
      let reactor = loop.reactor
      let never = reactor.deferred(of: Int.self)
      let canary = Canary { canaryLog.add("gone") }
      reactor.task {
        withExtendedLifetime(canary) {}
        do { _ = try await never.value } catch { log.add("cancelled") }
        await Task.yield()
        log.add("cleaned up")
      }.addCallback { log.add("fired") }
      reactor.task { try await reactor.sleep(for: .seconds(1_000)) }
      loop.run(for: .milliseconds(1))
      #expect(log.value == ["cancelled", "cleaned up", "fired"])
      reactor.task { log.add("never") }.addErrback { log.add("\($0)") }
      #expect(log.value.last == "the reactor has ended")
      withExtendedLifetime(never) {}
    }
    #expect(canaryLog.value == ["gone"])
  }

  @Test("that waits for another thread at the end is waited for")
  func endWhileElsewhere() throws {
    let elsewhere = Elsewhere()
    reactor.task {
      await elsewhere.nap()
      log.add("back")
    }
    virtual.settle()
    virtual.end()
    #expect(log.value == ["back"])
  }

  @Test("of nobody's that awaits a Deferred when the reactor ends is told")
  func endOfForeign() async throws {
    let told = Monitor<[String]>([])
    do {
      let loop = try Unrecorded()
      let reactor = loop.reactor
      let never = reactor.deferred(of: Int.self)
      let await_ = Unchecked(never)
      let task = Task(executorPreference: reactor.executor) {
        do { _ = try await await_.value.value } catch { told.withLock { $0.append("\(error)") } }
      }
      loop.virtual.settle()
      loop.virtual.end()
      await task.value
    }
    #expect(told.withLock { $0 } == ["the reactor has ended"])
  }
}

/// Takes something to where the compiler does not see that it is on the right thread.
private struct Unchecked<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
