import Reactor
import ReactorTesting
import Testing
import Trace

/// Every kind of reactor: the suites that take one as an argument hold for all of them.
enum LoopKind: CaseIterable, Sendable {
  case real, virtual
}

/// A reactor of either kind, driven in the same way; it does not record.
final class LoopUnderTest {
  let reactor: Reactor
  let failures = Box<[String]>([])
  private let virtual: VirtualReactor?

  init(_ kind: LoopKind, threads: Int = 4, queue: Int = 10_000) throws {
    switch kind {
    case .real:
      virtual = nil
      reactor = try Reactor(threads: threads, queue: queue, recording: .off)
    case .virtual:
      let virtual = try VirtualReactor(threads: threads, queue: queue, recording: .off)
      self.virtual = virtual
      reactor = virtual.reactor
    }
    reactor.onUnhandledFailure = { [failures] in failures.add("\($0.error)") }
  }

  deinit { reactor.end() }

  /// Runs until the program under test stops its reactor, and ends it; half a minute without that is a failure.
  func run() {
    if let virtual {
      let stopped = !virtual.run(until: { false }) && reactor.isStopped
      #expect(stopped, "not stopped within 30 s")
      virtual.end()
    } else {
      reactor.callLater(.seconds(30)) { [reactor] in
        Issue.record("not stopped within 30 s")
        reactor.stop()
      }
      reactor.run()
    }
  }

  /// Lets an amount of its time go by, and after that waits until the program under test stops its reactor.
  func drive(for time: Nanoseconds) {
    virtual?.advance(by: time)
    run()
  }

  /// Lets an amount of its time go by, and ends it.
  func run(for time: Nanoseconds) {
    if let virtual {
      virtual.advance(by: time)
      virtual.end()
    } else {
      reactor.callLater(time) { [reactor] in reactor.stop() }
      reactor.run()
    }
  }
}
