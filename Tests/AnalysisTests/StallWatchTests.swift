import Analysis
import Testing
import Trace

@Suite struct StallWatchTests {
  private static let text = """
    looptop-text 1
    process 1 pid=4711 started=99 command="server" runtime="looptop-reactor 1"
    loop 1 process=1 name="main" thread=4711 poll=epoll
    site 1 "accept(_:)" "Server/Server.swift" 10
    1 0.000 poll-return ready=1
    1 0.000 begin span=1 kind=io trigger=poll site=1
    1 0.100 end span=1
    1 0.100 poll-enter
    1 0.200 poll-return ready=1
    1 0.201 poll-enter
    1 1.000 poll-return ready=1
    1 1.000 begin span=9 kind=io trigger=poll site=1
    1 4.000 checkpoint
      span began=1.000 span=9 site=1 kind=io trigger=poll

    """

  @Test func aStallIsSeenWhenItEndsAndWhileItGoesOn() throws {
    let (definitions, batches) = try TraceText.parse(Self.text)
    var watch = StallWatch()
    let ended = batches.flatMap { watch.consume($0, definitions: definitions) }
    #expect(ended.map(\.began.nanoseconds) == [0])
    #expect(ended.map(\.until.nanoseconds) == [100_000_000])
    let open = watch.open(at: nil)
    #expect(open.map(\.began.nanoseconds) == [1_000_000_000])
    #expect(open.map(\.until.nanoseconds) == [4_000_000_000])
    #expect(open.map(\.ended) == [false])
    #expect(watch.open(at: Instant(9_000_000_000)).map(\.until.nanoseconds) == [9_000_000_000])
  }
}
