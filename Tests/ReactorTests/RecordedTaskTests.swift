import Reactor
import ReactorTesting
import Testing
import Trace

private func resumesByName(_ deferred: Deferred<Int>) async throws -> Int {
  try await deferred.value + 1
}

@Suite("What a reactor records of tasks")
struct RecordedTaskTests {
  @Test("a task as an operation, its jobs as callbacks queued by who resumed it, in its chain, and what it awaits")
  func jobs() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let source = reactor.deferred(of: Int.self, function: "source")
    let resumed = "ReactorTests.resumesByName"
    reactor.callSoon(function: "starts") {
      reactor.task(name: "work", function: "task") { try await resumesByName(source) }
        .addCallback(function: "step") { _ in }
    }
    reactor.callLater(.milliseconds(2), function: "fires") { source.callback(5) }
    recording.virtual.advance(by: .milliseconds(2))
    #expect(
      recording.eventsBetweenPolls() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=deferred site=source
        1.000000000 queued op=2 at=1.000000000 kind=ready trigger=start site=starts
        1.000000000 created op=3 kind=timer site=fires due=1.002000000
        1.000000000 begin span=4 kind=ready trigger=start site=starts op=2
        1.000000000 created op=5 kind=task site=task by=4
        1.000000000 queued op=5 at=1.000000000 kind=task trigger=callback site=task by=4
        1.000000000 end span=4
        1.000000000 begin span=6 kind=task trigger=callback site=task op=5
        1.000000000 chain-named chain=7 name="work"
        1.000000000 awaits op=5 on=1
        1.000000000 end span=6
        1.002000000 begin span=8 kind=timer trigger=timer site=fires op=3 ready=1.002000000
        1.002000000 settled op=3 outcome=success
        1.002000000 settled op=1 outcome=success
        1.002000000 queued op=5 at=1.002000000 kind=task trigger=callback site=\(resumed) chain=7 by=8
        1.002000000 end span=8
        1.002000000 begin span=9 kind=task trigger=callback site=\(resumed) op=5
        1.002000000 settled op=5 outcome=success
        1.002000000 begin span=10 kind=deferred trigger=callback site=step op=5
        1.002000000 end span=10
        1.002000000 end span=9
        1.002000000 loop-end
        """)
  }

  @Test("what a gathered Deferred, a race, a place at a semaphore and a sleep wait for")
  func awaits() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let parts = ["a", "b"].map { name in reactor.deferred(of: Int.self, function: "part") }
    let derived = parts[1].addCallback(function: "step") { $0 }
    let whole = reactor.gather([parts[0], derived], function: "gather")
    let winner = reactor.race(parts, function: "race")
    let semaphore = DeferredSemaphore(on: reactor, tokens: 1)
    let first = semaphore.run(function: "runs") { parts[0] }
    let second = semaphore.run(function: "waits") { parts[1] }
    let pause = reactor.after(.seconds(1), function: "pause")
    #expect(
      recording.eventsBetweenPolls().split(separator: "\n").filter { $0.contains("awaits") || $0.contains("created") }
        .joined(separator: "\n") == """
          1.000000000 created op=1 kind=deferred site=part
          1.000000000 created op=2 kind=deferred site=part
          1.000000000 created op=3 kind=deferred site=gather
          1.000000000 awaits op=3 on=1
          1.000000000 awaits op=3 on=2
          1.000000000 created op=4 kind=deferred site=race
          1.000000000 awaits op=4 on=1
          1.000000000 awaits op=4 on=2
          1.000000000 created op=5 kind=deferred site=runs
          1.000000000 created op=7 kind=deferred site=runs by=6
          1.000000000 awaits op=7 on=1
          1.000000000 created op=8 kind=deferred site=waits
          1.000000000 awaits op=8 on=1
          1.000000000 created op=9 kind=deferred site=pause
          1.000000000 created op=10 kind=timer site=pause due=2.000000000
          1.000000000 awaits op=9 on=10
          """)
    withExtendedLifetime((whole, winner, first, second, pause)) {}
  }

  @Test("what a Deferred waits for that another follows, however late it comes to wait for it")
  func awaitsLater() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let made = ["a", "b", "last"].map { _ in reactor.deferred(of: Int.self, function: "made") }
    let late = made[1].addCallback(function: "late") { _ in made[2] }
    let early = made[0].addCallback(function: "early") { _ in late.addCallback(function: "derived") { $0 } }
    made[0].callback(1)
    made[1].callback(2)
    #expect(
      recording.eventsBetweenPolls().split(separator: "\n").filter { $0.contains("awaits") || $0.contains("created") }
        .joined(separator: "\n") == """
          1.000000000 created op=1 kind=deferred site=made
          1.000000000 created op=2 kind=deferred site=made
          1.000000000 created op=3 kind=deferred site=made
          1.000000000 created op=5 kind=deferred site=early by=4
          1.000000000 awaits op=5 on=2
          1.000000000 created op=7 kind=deferred site=late by=6
          1.000000000 awaits op=7 on=3
          1.000000000 awaits op=5 on=7
          """)
    withExtendedLifetime(early) {}
  }

  @Test("a job that another thread made ready, since when it was, and a task that is cancelled")
  func fromThread() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let isSuspended = Monitor(false)
    let task = reactor.task(function: "task") {
      await withUnsafeContinuation { continuation in
        reactor.inThread(function: "thread") {
          isSuspended.wait { $0 ? () : nil }
          continuation.resume()
        }.addBoth(function: "done") { _ in }
        // Resumed sooner, the task would go on without a job.
        reactor.callSoon(function: "suspended") {
          isSuspended.withLock { $0 = true }
          isSuspended.signal()
        }
      }
      try await reactor.sleep(for: .seconds(5), function: "sleep")
    }
    task.addBoth(function: "last") { _ in }
    #expect(recording.virtual.run(until: { reactor.nextDue != nil }))
    task.cancel()
    recording.virtual.settle()
    let events = recording.events().split(separator: "\n")
    #expect(events.contains { $0.contains("queued op=1 at=1.000000000 kind=task trigger=thread site=closure #1 in") })
    #expect(events.contains { $0.contains("settled op=1 outcome=cancelled") })
  }
}
