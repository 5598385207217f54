import Glibc
import Reactor
import Testing
import Trace

@Suite("What a reactor records")
struct RecordedTests {
  @Test("of timers: creation, due moments, deliveries as chains, cancelling, throwing")
  func timers() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let repeating = reactor.callEvery(.milliseconds(10), function: "repeating") {}
    reactor.callLater(.milliseconds(15), function: "once") {
      repeating.cancel()
      throw Oops.first
    }
    reactor.callLater(.milliseconds(20), function: "never") {}
    recording.virtual.advance(by: .milliseconds(15))
    #expect(
      recording.events() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=timer site=repeating due=1.010000000 standing
        1.000000000 created op=2 kind=timer site=once due=1.015000000
        1.000000000 created op=3 kind=timer site=never due=1.020000000
        1.000000000 poll-enter timeout=0.000000000
        1.000000000 poll-return ready=0
        1.010000000 poll-enter timeout=0.000000000
        1.010000000 poll-return ready=0
        1.010000000 begin span=4 kind=timer trigger=timer site=repeating op=1 ready=1.010000000 starts-chain
        1.010000000 end span=4
        1.015000000 poll-enter timeout=0.000000000
        1.015000000 poll-return ready=0
        1.015000000 begin span=5 kind=timer trigger=timer site=once op=2 ready=1.015000000
        1.015000000 settled op=2 outcome=success
        1.015000000 settled op=1 outcome=cancelled
        1.015000000 unhandled op=2 text="first"
        1.015000000 end span=5 threw
        1.015000000 settled op=3 outcome=cancelled
        1.015000000 loop-end
        """)
  }

  @Test("of the ready queue, of names and remarks, and of a closure's destruction, inside its span")
  func ready() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    reactor.callSoon(function: "first") {
      reactor.chain("GET /users")
      let canary = Canary { reactor.mark("destroyed") }
      reactor.callSoon(function: "second") { withExtendedLifetime(canary) { reactor.mark("ran") } }
    }
    recording.virtual.settle()
    #expect(
      recording.events() == """
        1.000000000 loop-begin
        1.000000000 queued op=1 at=1.000000000 kind=ready trigger=start site=first
        1.000000000 poll-enter timeout=0.000000000
        1.000000000 poll-return ready=0
        1.000000000 begin span=2 kind=ready trigger=start site=first op=1
        1.000000000 chain-named chain=3 name="GET /users"
        1.000000000 queued op=4 at=1.000000000 kind=ready trigger=callback site=second chain=3 by=2
        1.000000000 end span=2
        1.000000000 poll-enter timeout=0.000000000
        1.000000000 poll-return ready=0
        1.000000000 begin span=5 kind=ready trigger=callback site=second op=4
        1.000000000 mark text="ran"
        1.000000000 mark text="destroyed"
        1.000000000 end span=5
        1.000000000 loop-end
        """)
  }

  @Test("of Deferreds: steps in the chain of their adding, waiting, outcomes, what is dropped and what nobody handles")
  func deferreds() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let outer = reactor.deferred(of: Int.self, function: "outer", file: "T.swift", line: 1)
    let inner = reactor.deferred(of: Int.self, function: "inner")
    reactor.callSoon(function: "adds") {
      reactor.chain("work")
      outer.addCallback(function: "step 1") { value in value + 1 }
        .addCallback(function: "step 2") { _ in inner }
        .addErrback(function: "not run") { _ in 0 }
        .addCallback(function: "step 3", file: "T.swift", line: 7) { (_) throws -> Int in throw Oops.first }
    }
    reactor.callLater(.milliseconds(1), function: "fires outer") { outer.callback(1) }
    reactor.callLater(.milliseconds(2), function: "fires inner") { inner.callback(5) }
    reactor.callLater(.milliseconds(3), function: "drops and cancels") {
      _ = reactor.deferred(of: Int.self, function: "dropped")
      reactor.deferred(of: Int.self, function: "cancelled").cancel()
    }
    recording.virtual.advance(by: .milliseconds(3))
    #expect(
      recording.events() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=deferred site=outer
        1.000000000 created op=2 kind=deferred site=inner
        1.000000000 queued op=3 at=1.000000000 kind=ready trigger=start site=adds
        1.000000000 created op=4 kind=timer site=fires outer due=1.001000000
        1.000000000 created op=5 kind=timer site=fires inner due=1.002000000
        1.000000000 created op=6 kind=timer site=drops and cancels due=1.003000000
        1.000000000 poll-enter timeout=0.000000000
        1.000000000 poll-return ready=0
        1.000000000 begin span=7 kind=ready trigger=start site=adds op=3
        1.000000000 chain-named chain=8 name="work"
        1.000000000 end span=7
        1.001000000 poll-enter timeout=0.000000000
        1.001000000 poll-return ready=0
        1.001000000 begin span=9 kind=timer trigger=timer site=fires outer op=4 ready=1.001000000
        1.001000000 settled op=4 outcome=success
        1.001000000 settled op=1 outcome=success
        1.001000000 begin span=10 kind=deferred trigger=callback site=step 1 op=1
        1.001000000 end span=10
        1.001000000 begin span=11 kind=deferred trigger=callback site=step 2 op=1
        1.001000000 created op=12 kind=deferred site=step 2 chain=8 by=11
        1.001000000 awaits op=12 on=2
        1.001000000 end span=11
        1.001000000 end span=9
        1.002000000 poll-enter timeout=0.000000000
        1.002000000 poll-return ready=0
        1.002000000 begin span=13 kind=timer trigger=timer site=fires inner op=5 ready=1.002000000
        1.002000000 settled op=5 outcome=success
        1.002000000 settled op=2 outcome=success
        1.002000000 settled op=12 outcome=success
        1.002000000 begin span=14 kind=deferred trigger=callback site=step 3 op=12
        1.002000000 end span=14 threw
        1.002000000 unhandled op=12 text="first, from step 3 (T.swift:7), in the chain of the Deferred made in outer (T.swift:1)"
        1.002000000 end span=13
        1.003000000 poll-enter timeout=0.000000000
        1.003000000 poll-return ready=0
        1.003000000 begin span=15 kind=timer trigger=timer site=drops and cancels op=6 ready=1.003000000
        1.003000000 settled op=6 outcome=success
        1.003000000 created op=16 kind=deferred site=dropped by=15
        1.003000000 settled op=16 outcome=dropped
        1.003000000 created op=17 kind=deferred site=cancelled by=15
        1.003000000 settled op=17 outcome=cancelled
        1.003000000 end span=15
        1.003000000 loop-end
        """)
  }

  @Test("of threads: the pool's depth, each call's begin and end, and its result as a callback")
  func threads() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let isDone = Box(false)
    reactor.callSoon(function: "asks") {
      reactor.chain("job")
      reactor.inThread(function: "work") { 5 }.addCallback(function: "step") { _ in isDone.value = true }
    }
    #expect(recording.virtual.run(until: { isDone.value }))
    reactor.remote.call(function: "called") { $0.mark("ran") }
    recording.virtual.settle()
    #expect(
      recording.eventsBetweenPolls() == """
        1.000000000 loop-begin
        1.000000000 queued op=1 at=1.000000000 kind=ready trigger=start site=asks
        1.000000000 begin span=2 kind=ready trigger=start site=asks op=1
        1.000000000 chain-named chain=3 name="job"
        1.000000000 created op=4 kind=thread site=work chain=3 by=2
        1.000000000 pool queued=0 running=1
        1.000000000 end span=2
        1.000000000 pool-begin op=4 at=1.000000000
        1.000000000 pool-end op=4 at=1.000000000
        1.000000000 pool queued=0 running=0
        1.000000000 queued op=4 at=1.000000000 kind=thread trigger=thread site=work chain=3
        1.000000000 begin span=5 kind=thread trigger=thread site=work op=4
        1.000000000 settled op=4 outcome=success
        1.000000000 begin span=6 kind=deferred trigger=callback site=step op=4
        1.000000000 end span=6
        1.000000000 end span=5
        1.000000000 queued op=7 at=1.000000000 kind=thread trigger=thread site=called
        1.000000000 begin span=8 kind=thread trigger=thread site=called op=7
        1.000000000 mark text="ran"
        1.000000000 end span=8
        1.000000000 loop-end
        """)
  }

  @Test("of a call from a thread to a loop at work: the next tick finds it, and no poll was woken for it")
  func calledAtWork() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    reactor.callSoon(function: "at work") { reactor.remote.call(function: "called") { _ in } }
    recording.virtual.settle()
    #expect(
      recording.events() == """
        1.000000000 loop-begin
        1.000000000 queued op=1 at=1.000000000 kind=ready trigger=start site=at work
        1.000000000 poll-enter timeout=0.000000000
        1.000000000 poll-return ready=0
        1.000000000 begin span=2 kind=ready trigger=start site=at work op=1
        1.000000000 end span=2
        1.000000000 poll-enter timeout=0.000000000
        1.000000000 poll-return ready=0
        1.000000000 queued op=3 at=1.000000000 kind=thread trigger=thread site=called
        1.000000000 begin span=4 kind=thread trigger=thread site=called op=3
        1.000000000 end span=4
        1.000000000 loop-end
        """)
  }

  @Test("of sockets: listener, accept and each delivery as chains, peers, and the wait for room to send")
  func sockets() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let received = Box<[UInt8]>([])
    let isClosed = Box(false)
    let listener = try reactor.listen(host: "127.0.0.1", port: 0, function: "listens") { connection in
      connection.onData(function: "reads") { bytes in
        received.value += bytes
        if bytes.last == UInt8(ascii: "!") {
          connection.write([UInt8](repeating: 0, count: 16 << 20), function: "writes")
        }
      }
      connection.onDrain(function: "has drained") {}
      connection.onClose(function: "is told") { _ in isClosed.value = true }
    }
    let client = try BlockingClient(port: listener.port)
    client.send("one")
    #expect(recording.virtual.run(until: { received.value == Array("one".utf8) }))
    client.send("two!")
    #expect(recording.virtual.run(until: { received.value == Array("onetwo!".utf8) }))
    client.discard(16 << 20) { reactor.tick(atMost: .zero) }
    client.end()
    #expect(recording.virtual.run(until: { isClosed.value }))
    #expect(
      recording.eventsBetweenPolls() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=listener site=listens fd=#1 standing
        1.000000000 watched fd=#1 label="listening on 127.0.0.1"
        1.000000000 begin span=2 kind=io trigger=poll site=listens op=1 starts-chain
        1.000000000 watched fd=#2 label="127.0.0.1"
        1.000000000 created op=3 kind=read site=reads chain=2 by=2 fd=#2 standing
        1.000000000 end span=2
        1.000000000 begin span=4 kind=io trigger=poll site=reads op=3 starts-chain
        1.000000000 end span=4
        1.000000000 begin span=5 kind=io trigger=poll site=reads op=3 starts-chain
        1.000000000 created op=6 kind=write site=writes chain=5 by=5 fd=#2
        1.000000000 end span=5
        1.000000000 begin span=7 kind=io trigger=poll site=has drained op=6
        1.000000000 settled op=6 outcome=success
        1.000000000 end span=7
        1.000000000 unwatched fd=#2
        1.000000000 settled op=3 outcome=success
        1.000000000 queued op=8 at=1.000000000 kind=io trigger=poll site=is told chain=2
        1.000000000 begin span=9 kind=io trigger=poll site=is told op=8
        1.000000000 end span=9
        1.000000000 unwatched fd=#1
        1.000000000 settled op=1 outcome=cancelled
        1.000000000 loop-end
        """)
  }

  @Test("of connecting: an operation that settles inside the callback that it brings")
  func connecting() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let refusing = try RefusingPort()
    let isDone = Box(false)
    reactor.connect(to: refusing.address, function: "connects")
      .addBoth(function: "step") { _ in isDone.value = true }
    #expect(recording.virtual.run(until: { isDone.value }))
    #expect(
      recording.eventsBetweenPolls() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=connect site=connects fd=#1
        1.000000000 watched fd=#1 label="connecting to 127.0.0.1"
        1.000000000 created op=2 kind=timer site=connects due=31.000000000
        1.000000000 settled op=2 outcome=cancelled
        1.000000000 unwatched fd=#1
        1.000000000 begin span=3 kind=io trigger=poll site=connects op=1
        1.000000000 settled op=1 outcome=failure text="connect 127.0.0.1: Connection refused (errno 111)"
        1.000000000 begin span=4 kind=deferred trigger=callback site=step op=1
        1.000000000 end span=4
        1.000000000 end span=3
        1.000000000 loop-end
        """)
  }

  @Test("of children: an operation that settles at the exit")
  func children() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let isDone = Box(false)
    reactor.callSoon(function: "starts") {
      try reactor.spawn("true", function: "spawns").exit.addCallback(function: "step") { _ in isDone.value = true }
    }
    #expect(recording.virtual.run(until: { isDone.value }))
    let events = recording.eventsBetweenPolls().replacing(#/child \d+/#, with: "child N")
    #expect(
      events == """
        1.000000000 loop-begin
        1.000000000 queued op=1 at=1.000000000 kind=ready trigger=start site=starts
        1.000000000 begin span=2 kind=ready trigger=start site=starts op=1
        1.000000000 created op=3 kind=child site=spawns by=2 fd=#1
        1.000000000 watched fd=#1 label="child N: true"
        1.000000000 end span=2
        1.000000000 unwatched fd=#1
        1.000000000 begin span=4 kind=child trigger=poll site=spawns op=3
        1.000000000 settled op=3 outcome=success
        1.000000000 begin span=5 kind=deferred trigger=callback site=step op=3
        1.000000000 end span=5
        1.000000000 end span=4
        1.000000000 loop-end
        """)
  }

  @Test("of signals: a standing operation, each delivery a chain")
  func signals() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    try reactor.onSignal(SIGWINCH, function: "handles") { reactor.mark("resized") }
    raise(SIGWINCH)
    recording.virtual.settle()
    #expect(
      recording.eventsBetweenPolls() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=signal site=handles fd=#1 standing
        1.000000000 watched fd=#1 label="Window changed"
        1.000000000 begin span=2 kind=signal trigger=signal site=handles op=1 starts-chain
        1.000000000 mark text="resized"
        1.000000000 end span=2
        1.000000000 unwatched fd=#1
        1.000000000 settled op=1 outcome=cancelled
        1.000000000 loop-end
        """)
  }

  @Test("of a timer that is put off: a new one in the place of the old")
  func rescheduled() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let timer = reactor.callLater(.milliseconds(1), function: "timer") {}
    timer.reschedule(after: .milliseconds(2))
    recording.virtual.advance(by: .milliseconds(2))
    #expect(
      recording.eventsBetweenPolls() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=timer site=timer due=1.001000000
        1.000000000 settled op=1 outcome=cancelled
        1.000000000 created op=2 kind=timer site=timer due=1.002000000
        1.002000000 begin span=3 kind=timer trigger=timer site=timer op=2 ready=1.002000000
        1.002000000 settled op=2 outcome=success
        1.002000000 end span=3
        1.002000000 loop-end
        """)
  }

  @Test("of a lookup, and of a child, that the end comes before: cancelled, though the program holds their Deferreds")
  func pendingAtTheEnd() throws {
    let recording = try Recording()
    let reactor = recording.virtual.reactor
    let connection = reactor.connect(host: "name.invalid", port: 1, function: "connects")
    let child = try reactor.spawn("sleep", ["1000"], function: "spawns")
    let events = recording.events().split(separator: "\n")
    let created = events.filter { $0.contains(" created ") }
    #expect(created.count == 4)
    for event in created {
      let operation = event.split(separator: " ")[2]
      #expect(events.contains { $0.contains("settled \(operation) outcome=cancelled") }, "\(event)")
    }
    withExtendedLifetime((connection, child)) {}
  }

  @Test("of a result that the end comes before: cancelled, though the call is over")
  func finishedAtTheEnd() throws {
    let recording = try Recording()
    let call = recording.virtual.reactor.inThread(function: "calls") {}
    while !recording.virtual.reactor.hasReady { usleep(100) }
    let settled = recording.events().split(separator: "\n").filter { $0.contains(" settled ") }
    #expect(settled == ["1.000000000 settled op=1 outcome=cancelled"])
    withExtendedLifetime(call) {}
  }

  @Test("of what still waits at the end: cancelled, not dropped, down to what waits for it")
  func waitingAtTheEnd() throws {
    let recording = try Recording()
    let pair = try SocketPair()
    let reactor = recording.virtual.reactor
    let asked = Deferred<Int>(on: reactor, function: "asked")
    let answer = Box<Deferred<Int>?>(Deferred(on: reactor, function: "answer"))
    asked.addCallback(function: "waits") { [box = answer] _ in box.value! }
    asked.callback(1)
    // The handler holds the last reference, and the end lets go of it.
    try reactor.watch(pair.near, "a pair").onReadable(function: "readable") { [answer = answer.value] in
      withExtendedLifetime(answer) {}
    }
    answer.value = nil
    let settled = recording.events().split(separator: "\n").filter { $0.contains(" settled ") }
    #expect(
      settled.map { $0.split(separator: " ").last } == ["outcome=success"]
        + [Substring](repeating: "outcome=cancelled", count: 3))
  }
}
