import Reactor
import Testing

@Suite("A Deferred")
struct DeferredTests {
  private let loop: Unrecorded
  private let log = Box<[String]>([])
  private var reactor: Reactor { loop.reactor }

  init() throws { loop = try Unrecorded() }

  @Test("runs its steps in order when it fires, each on what came out of the one before")
  func order() {
    let deferred: Deferred<Int> = reactor.deferred()
    deferred.addCallback { $0 + 1 }
      .addCallback { "\($0)" }
      .addCallback { log.add($0) }
    #expect(log.value == [])
    deferred.callback(1)
    #expect(log.value == ["2"])
  }

  @Test("runs a step at once that is added after it fired")
  func late() {
    let deferred = reactor.deferred(of: Int.self)
    deferred.callback(7)
    deferred.addCallback { log.add("\($0)") }
    #expect(log.value == ["7"])
  }

  @Test("gives every step added to it its own value, in the order of adding, before any that follow those")
  func branches() {
    let deferred = reactor.deferred(of: Int.self)
    let first = deferred.addCallback { value -> Int in
      log.add("a\(value)")
      return value * 10
    }
    deferred.addCallback { log.add("b\($0)") }
    deferred.addCallback { log.add("c\($0)") }
    first.addCallback { log.add("a2 \($0)") }
    deferred.callback(1)
    #expect(log.value == ["a1", "b1", "c1", "a2 10"])
  }

  @Test("keeps the order for a step that is added by a step")
  func addedMeanwhile() {
    let deferred = reactor.deferred(of: Int.self)
    deferred.addCallback { _ in
      log.add("first")
      deferred.addCallback { _ in log.add("third") }
    }
    deferred.addCallback { _ in log.add("second") }
    deferred.callback(1)
    #expect(log.value == ["first", "second", "third"])
  }

  @Test("passes a failure by the callbacks to the errback, whose value goes on")
  func errback() {
    let deferred = reactor.deferred(of: Int.self)
    deferred
      .addCallback { value -> Int in
        log.add("not called")
        return value
      }
      .addErrback { error in
        log.add("\(error)")
        return 5
      }
      .addErrback { _ in
        log.add("not called")
        return 6
      }
      .addCallback { log.add("\($0)") }
    deferred.errback(Oops.first)
    #expect(log.value == ["first", "5"])
    #expect(loop.failures.value == [])
  }

  @Test("turns what a step throws into a failure")
  func throwing() {
    let deferred = reactor.deferred(of: Int.self)
    deferred
      .addCallback { (_) throws -> Int in throw Oops.first }
      .addErrback { error in
        log.add("\(error)")
        throw Oops.second
      }
      .addBoth { log.add("\($0)") }
    deferred.callback(1)
    #expect(log.value.count == 2)
    #expect(log.value[0] == "first")
    #expect(log.value[1].contains("second"))
  }

  @Test("runs a both-step on a value and on a failure")
  func both() {
    for fires in [true, false] {
      let deferred = reactor.deferred(of: Int.self)
      deferred.addBoth { result -> String in
        switch result {
        case .success(let value): "value \(value)"
        case .failure(let error): "error \(error)"
        }
      }.addCallback { log.add($0) }
      if fires { deferred.callback(3) } else { deferred.errback(Oops.first) }
    }
    #expect(log.value == ["value 3", "error first"])
  }

  @Test("waits for the Deferred that a step returns")
  func chaining() {
    let outer = reactor.deferred(of: Int.self)
    let inner = reactor.deferred(of: String.self)
    outer.addCallback { value in
      log.add("\(value)")
      return inner
    }.addCallback { log.add($0) }
    outer.callback(1)
    #expect(log.value == ["1"])
    inner.callback("inner")
    #expect(log.value == ["1", "inner"])
  }

  @Test("takes over from a returned Deferred that has fired, and from one that fails")
  func chainingFired() {
    let fired = reactor.deferred(of: Int.self)
    fired.callback(4)
    let failing = reactor.deferred(of: Int.self)
    let outer = reactor.deferred(of: Void.self)
    outer.addCallback { fired }
      .addCallback { value in
        log.add("\(value)")
        return failing
      }
      .addErrback { error in
        log.add("\(error)")
        return fired
      }
      .addBoth { _ in fired }
      .addCallback { log.add("\($0)") }
    outer.callback()
    failing.errback(Oops.second)
    #expect(log.value == ["4", "second", "4"])
    #expect(loop.failures.value == [])
  }

  // MARK: Cancelling

  @Test("that is cancelled fails with a CancellationError, which nobody has to handle")
  func cancel() {
    let deferred = reactor.deferred(of: Int.self)
    deferred.addErrback { error in
      log.add("\(error is CancellationError)")
      throw error
    }
    deferred.cancel()
    #expect(log.value == ["true"])
    #expect(loop.failures.value == [])
  }

  @Test("ignores being fired after it was cancelled")
  func firedAfterCancel() {
    let deferred = reactor.deferred(of: Int.self)
    deferred.addBoth { _ in log.add("once") }
    deferred.cancel()
    deferred.callback(1)
    deferred.errback(Oops.first)
    deferred.cancel()
    #expect(log.value == ["once"])
    #expect(loop.failures.value == [])
  }

  @Test("asks its maker first, who may fire it otherwise")
  func onCancel() {
    let deferred = reactor.deferred(of: Int.self) { $0.callback(9) }
    deferred.addCallback { log.add("\($0)") }
    deferred.cancel()
    #expect(log.value == ["9"])
  }

  @Test("lets a cancel travel up from the last step to the source")
  func cancelTravels() {
    let source = reactor.deferred(of: Int.self) { _ in log.add("source") }
    let last = source.addCallback { $0 }.addCallback { $0 }
    last.addErrback { error in
      log.add("\(error is CancellationError)")
      return 0
    }
    last.cancel()
    #expect(log.value == ["source", "true"])
  }

  @Test("lets a cancel travel to the Deferred that it waits for, which may handle it")
  func cancelTravelsInside() {
    let outer = reactor.deferred(of: Void.self) { _ in log.add("not asked: it has fired") }
    let inner = reactor.deferred(of: Int.self) { _ in log.add("inner") }
    let result = outer.addCallback { inner.addErrback { _ in 11 } }
    result.addCallback { log.add("\($0)") }
    outer.callback()
    result.cancel()
    #expect(log.value == ["inner", "11"])
  }

  @Test("whose source is gone fails by itself when it is cancelled")
  func cancelOrphan() {
    var source: Deferred<Int>? = reactor.deferred()
    let step = source!.addCallback { $0 }
    step.addErrback { _ in
      log.add("cancelled")
      return 0
    }
    source = nil
    step.cancel()
    #expect(log.value == ["cancelled"])
  }

  @Test("may be cancelled by its own step, whose outcome is dropped then")
  func cancelledByOwnStep() {
    let source = reactor.deferred(of: Int.self)
    let step = Box<Deferred<Int>?>(nil)
    step.value = source.addCallback { value in
      step.value?.cancel()
      return value
    }
    step.value?.addBoth { log.add("\($0)") }
    source.callback(1)
    #expect(log.value.count == 1)
    #expect(log.value[0].contains("CancellationError"))
  }

  // MARK: Failures that nobody handles

  @Test("reports a failure once, when the last one that holds it lets go of it")
  func unhandledOnce() {
    var deferred: Deferred<Int>? = reactor.deferred()
    var last: Deferred<Int>? = deferred?.addCallback { $0 }.addCallback { $0 }
    deferred?.errback(Oops.first)
    deferred = nil
    #expect(loop.failures.value == [])
    withExtendedLifetime(last) {}
    last = nil
    #expect(loop.failures.value == ["first"])
  }

  @Test("says of a failure, unless told otherwise, in one line what it was, where it failed and where its chain began")
  func unhandledLine() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let reactor = try Reactor(recording: .off)
      do {
        let deferred = reactor.deferred(of: Int.self, function: "made", file: "T.swift", line: 1)
        deferred.addCallback(function: "not here", file: "T.swift", line: 2) { $0 }
          .addCallback(function: "failed", file: "T.swift", line: 3) { _ in throw Oops.first }
        deferred.callback(1)
      }
      reactor.callSoon(function: "called", file: "T.swift", line: 4) {
        reactor.stop()
        throw Oops.second
      }
      reactor.run()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text == """
        unhandled failure: first, from failed (T.swift:3), in the chain of the Deferred made in made (T.swift:1)
        unhandled failure: second, from called (T.swift:4)

        """)
  }

  @Test("does not report a failure that one of several branches handles")
  func handledInABranch() {
    var deferred: Deferred<Int>? = reactor.deferred()
    deferred?.addCallback { $0 }
    deferred?.addErrback { _ in 0 }
    deferred?.errback(Oops.first)
    deferred = nil
    #expect(loop.failures.value == [])
  }

  @Test("reports what an errback throws, not what it was given")
  func errbackThrows() {
    var deferred: Deferred<Int>? = reactor.deferred()
    deferred?.addErrback { _ in throw Oops.second }
    deferred?.errback(Oops.first)
    deferred = nil
    #expect(loop.failures.value == ["second"])
  }

  // MARK: Lives

  @Test("that nobody can fire any more goes away with all its steps")
  func dropped() {
    var deferred: Deferred<Int>? = reactor.deferred()
    var canary: Canary? = Canary { log.add("gone") }
    deferred?.addCallback { $0 }.addCallback { [canary] _ in withExtendedLifetime(canary) {} }
    canary = nil
    #expect(log.value == [])
    deferred = nil
    #expect(log.value == ["gone"])
  }

  @Test("lets go of a step's closure as soon as it has run")
  func closureReleased() {
    let deferred = reactor.deferred(of: Int.self)
    var canary: Canary? = Canary { log.add("gone") }
    let last = deferred.addCallback { [canary] value in
      withExtendedLifetime(canary) {}
      return value
    }.addCallback { _ in log.add("next") }
    canary = nil
    deferred.callback(1)
    #expect(log.value == ["gone", "next"])
    withExtendedLifetime(last) {}
  }

  @Test("with a million steps fires in constant stack")
  func millionSteps() {
    let deferred = reactor.deferred(of: Int.self)
    var last = deferred
    for _ in 0..<1_000_000 { last = last.addCallback { $0 + 1 } }
    let sum = Box(0)
    last.addCallback { sum.value = $0 }
    deferred.callback(0)
    #expect(sum.value == 1_000_000)
  }

  @Test("with a million steps goes away unfired in constant stack")
  func millionStepsReleased() {
    let count = Box(0)
    var deferred: Deferred<Int>? = reactor.deferred()
    var last: Deferred<Int>? = deferred
    for index in 0..<1_000_000 {
      if index % 100_000 == 0 {
        let canary = Canary { count.value += 1 }
        last = last?.addCallback { value in withExtendedLifetime(canary) { value } }
      }
      last = last?.addCallback { $0 }
    }
    last = nil
    deferred = nil
    #expect(count.value == 10)
  }

  @Test("in 200 000 nested ones fires, and goes away unfired, in constant stack", arguments: [true, false])
  func manyNested(fires: Bool) {
    let sum = Box(0)
    let gone = Box(false)
    var innermost: Deferred<Int>? = reactor.deferred()
    do {
      let canary = Canary { gone.value = true }
      var last = innermost!
      for _ in 0..<200_000 {
        let outer = reactor.deferred(of: Void.self)
        let inner = last
        last = outer.addCallback { inner }
        outer.callback()
      }
      last.addCallback { value in withExtendedLifetime(canary) { sum.value = value } }
    }
    if fires { innermost?.callback(3) }
    #expect(gone.value == fires)
    innermost = nil
    #expect(gone.value)
    #expect(sum.value == (fires ? 3 : 0))
  }

  @Test("with 200 000 branches goes away unfired, and fires")
  func manyBranches() {
    let count = Box(0)
    var deferred: Deferred<Int>? = reactor.deferred()
    for _ in 0..<200_000 { deferred?.addCallback { count.value += $0 } }
    deferred?.callback(1)
    #expect(count.value == 200_000)
    deferred = reactor.deferred()
    for _ in 0..<200_000 { deferred?.addCallback { count.value += $0 } }
    deferred = nil
    #expect(count.value == 200_000)
  }
}
