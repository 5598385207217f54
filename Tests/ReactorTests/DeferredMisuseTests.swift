import Reactor
import ReactorTesting
import Testing
import Trace

@Suite("A Deferred that is misused")
struct DeferredMisuseTests {
  @Test("ends the program with where it was made and what it held, when it is fired twice")
  func firedTwice() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = try Unrecorded()
      let deferred = loop.reactor.deferred(of: Int.self)
      deferred.callback(5)
      deferred.callback(6)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("DeferredMisuseTests.swift:"))
    #expect(text.contains("success(6) after success(5)"))
  }

  @Test("ends the program when a step's Deferred is fired by hand, or waits for itself, and says which")
  func otherMisuse() async {
    let byHand = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = try Unrecorded()
      loop.reactor.deferred(of: Int.self).addCallback(function: "step") { $0 }.callback(1)
    }
    #expect(words(byHand).contains("the Deferred after the step added in step ("))
    let circle = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = try Unrecorded()
      let root = loop.reactor.deferred(of: Int.self)
      let step = Box<Deferred<Int>?>(nil)
      step.value = root.addCallback(function: "step") { _ in step.value! }
      root.callback(1)
    }
    #expect(words(circle).contains("the step added in step ("))
  }

  @Test("ends the program when it is used on another thread, or returned to another reactor")
  func otherReactor() async {
    let thread = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = try Unrecorded()
      nonisolated(unsafe) let deferred = loop.reactor.deferred(of: Int.self)
      _ = loop.reactor.inThread { deferred.callback(1) }
      _ = loop.virtual.run(until: { false }, patience: .seconds(10))
    }
    #expect(words(thread).contains("Deferred.fire on reactor main"))
    let foreign = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (loop, other) = (try Unrecorded(), try Unrecorded())
      loop.reactor.succeeded(1).addCallback(function: "step") { _ in other.reactor.deferred(of: Int.self) }
    }
    #expect(words(foreign).contains("the step added in step ("))
  }

  private func words(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }
}
