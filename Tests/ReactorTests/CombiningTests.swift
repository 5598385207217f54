import Reactor
import ReactorTesting
import Testing

@Suite("Several Deferreds together")
struct CombiningTests {
  private let loop: Unrecorded
  private let log = Box<[String]>([])
  private var reactor: Reactor { loop.reactor }

  init() throws { loop = try Unrecorded() }

  /// Deferreds that say when they are cancelled.
  private func makeParts(_ count: Int) -> [Deferred<Int>] {
    (0..<count).map { index in reactor.deferred(of: Int.self) { _ in log.add("cancelled \(index)") } }
  }

  private func show<Value>(_ deferred: Deferred<Value>) {
    deferred.addBoth { result in
      switch result {
      case .success(let value): log.add("\(value)")
      case .failure(let error): log.add("\(error)")
      }
    }
  }

  @Test("that are gathered give their values in their own order, once the last is there")
  func gather() {
    let parts = makeParts(3)
    show(reactor.gather(parts))
    parts[2].callback(2)
    parts[0].callback(0)
    #expect(log.value == [])
    parts[1].callback(1)
    #expect(log.value == ["[0, 1, 2]"])
    show(reactor.gather([Deferred<Int>]()))
    show(reactor.gather(parts))
    #expect(log.value.dropFirst() == ["[]", "[0, 1, 2]"])
  }

  @Test("that are gathered fail with the first failure, which cancels the others")
  func gatherFails() {
    let parts = makeParts(3)
    show(reactor.gather(parts))
    parts[0].callback(0)
    parts[1].errback(Oops.first)
    #expect(log.value == ["first", "cancelled 2"])
    #expect(loop.failures.value == [])
  }

  @Test("of different types are gathered into a tuple")
  func gatherTypes() {
    let number = reactor.deferred(of: Int.self)
    let text = reactor.deferred(of: String.self)
    reactor.gather(number, text, reactor.succeeded(true)).addCallback { number, text, flag in
      log.add("\(number + 1) \(text) \(flag)")
    }
    text.callback("text")
    number.callback(1)
    #expect(log.value == ["2 text true"])
  }

  @Test("give every outcome where failures are results, too")
  func results() {
    let parts = makeParts(3)
    reactor.gatherResults(parts).addCallback { results in
      for result in results { log.add((try? result.get()).map { "\($0)" } ?? "failed") }
    }
    parts[1].errback(Oops.first)
    parts[0].callback(0)
    parts[2].callback(2)
    #expect(log.value == ["0", "failed", "2"])
    #expect(loop.failures.value == [])
  }

  @Test("are cancelled with what they were gathered into")
  func gatherCancelled() {
    show(reactor.gather(makeParts(0) + [reactor.deferred(of: Int.self) { _ in log.add("cancelled") }]))
    let parts = makeParts(2)
    let whole = reactor.gather(parts)
    show(whole)
    whole.cancel()
    #expect(log.value == ["cancelled 0", "CancellationError()", "cancelled 1"])
  }

  @Test("race: the first to settle wins, whatever it brings, and the others are cancelled")
  func race() {
    let parts = makeParts(3)
    show(reactor.race(parts))
    parts[1].callback(1)
    #expect(log.value == ["1", "cancelled 0", "cancelled 2"])
    let failing = makeParts(2)
    show(reactor.race(failing))
    failing[1].errback(Oops.second)
    #expect(log.value.dropFirst(3) == ["second", "cancelled 0"])
    #expect(loop.failures.value == [])
  }

  @Test("that nobody can fire go away with what they were gathered into")
  func dropped() {
    var parts = makeParts(2)
    var canary: Canary? = Canary { log.add("gone") }
    reactor.onDroppedDeferred = { _ in }
    reactor.gather(parts).addCallback { [canary] _ in withExtendedLifetime(canary) {} }
    canary = nil
    #expect(log.value == [])
    parts = []
    #expect(log.value == ["gone"])
  }

  // MARK: Time-outs

  @Test("with a time-out: settle in time, and the limit is forgotten")
  func inTime() {
    let source = reactor.deferred(of: Int.self)
    show(source.timeOut(after: .seconds(1)))
    loop.virtual.advance(by: .milliseconds(999))
    source.callback(3)
    #expect(log.value == ["3"])
    #expect(reactor.nextDue == nil)
  }

  @Test("with a time-out: fail with how long they had and where it was set, and the source is cancelled")
  func timedOut() {
    let source = reactor.deferred(of: Int.self) { _ in log.add("cancelled") }
    var error: (any Error)?
    source.addCallback { $0 }.timeOut(after: .seconds(1), function: "limits").addErrback {
      error = $0
      return 0
    }
    loop.virtual.advance(by: .seconds(1))
    #expect(log.value == ["cancelled"])
    guard case .timedOut(let limit, let site) = error as? DeferredError else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(limit == .seconds(1))
    #expect(site.function == "limits")
  }

  @Test("with a time-out: a cancel that is not the time-out's stays one")
  func cancelledInTime() {
    let source = reactor.deferred(of: Int.self)
    let limited = source.timeOut(after: .seconds(1))
    show(limited)
    limited.cancel()
    #expect(log.value == ["CancellationError()"])
    #expect(reactor.nextDue == nil)
    // One that nobody can fire takes its limit along.
    reactor.onDroppedDeferred = { _ in }
    _ = reactor.deferred(of: Int.self).timeOut(after: .seconds(1))
    #expect(reactor.nextDue == nil)
  }

  // MARK: Semaphore

  @Test("share a semaphore's tokens in the order of asking; who cancels gives up the place")
  func semaphore() {
    let semaphore = DeferredSemaphore(on: reactor, tokens: 2)
    var tokens: [Deferred<Void>] = []
    for number in 0..<5 {
      let token = semaphore.acquire()
      token.addCallback { log.add("\(number)") }
      tokens.append(token)
    }
    #expect(log.value == ["0", "1"])
    #expect(semaphore.waiters == 3)
    tokens[2].cancel()
    semaphore.release()
    #expect(log.value == ["0", "1", "3"])
    for _ in 0..<3 { semaphore.release() }
    #expect(log.value == ["0", "1", "3", "4"])
    #expect(semaphore.available == 2)
  }

  @Test("run no more at a time than the semaphore has tokens, and give them back whatever happens")
  func semaphoreRun() {
    let semaphore = DeferredSemaphore(on: reactor, tokens: 1)
    let parts = makeParts(3)
    semaphore.run { parts[0] }.addErrback { _ in 0 }
    semaphore.run { () throws -> Deferred<Int> in throw Oops.first }.addErrback { error in
      log.add("\(error)")
      return 0
    }
    show(semaphore.run { parts[1] })
    let last = semaphore.run { parts[2] }
    #expect(log.value == [])
    parts[0].errback(Oops.second)
    #expect(log.value == ["first"])
    parts[1].callback(1)
    #expect(log.value == ["first", "1"])
    last.cancel()
    #expect(log.value == ["first", "1", "cancelled 2"])
    #expect(semaphore.available == 1)
    #expect(loop.failures.value == [])
  }

  // MARK: Queue

  @Test("go through a queue in order, getters first or putters first")
  func queue() {
    let queue = DeferredQueue<Int>(on: reactor, capacity: 2)
    show(queue.get())
    for number in 1...5 { queue.put(number).addCallback { log.add("put \(number)") } }
    #expect(log.value == ["1", "put 1", "put 2", "put 3"])
    #expect(queue.isFull)
    for _ in 0..<5 { show(queue.get()) }
    #expect(log.value.dropFirst(4) == ["put 4", "2", "put 5", "3", "4", "5"])
    queue.put(6)
    #expect(log.value.last == "6")
    #expect(queue.count == 0)
  }

  @Test("leave a queue when they are cancelled, getters and putters")
  func queueCancelled() {
    let queue = DeferredQueue<Int>(on: reactor, capacity: 0)
    let getter = queue.get()
    show(queue.get())
    getter.cancel()
    queue.put(1)
    let putter = queue.put(2)
    queue.put(3).addCallback { log.add("put 3") }
    putter.cancel()
    show(queue.get())
    #expect(log.value == ["1", "put 3", "3"])
  }

  @Test("that are there already need nobody to fire them; a failed one is unhandled unless taken")
  func ready() {
    show(reactor.succeeded("here"))
    show(reactor.failed(Oops.first, of: Int.self))
    _ = reactor.failed(Oops.second, of: Int.self)
    #expect(log.value == ["here", "first"])
    #expect(loop.failures.value == ["second"])
  }
}
