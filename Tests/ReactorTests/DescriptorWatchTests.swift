import Glibc
import Reactor
import Testing

/// A pair of connected sockets that belong to the test.
final class SocketPair {
  private(set) var near: Int32
  let far: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
    (near, far) = (ends[0], ends[1])
  }

  /// Its near end, which is the caller's to close from here on.
  func takeNear() -> Int32 {
    defer { near = -1 }
    return near
  }

  deinit {
    close(near)
    close(far)
  }

  func send(_ text: String) { _ = write(far, text, text.utf8.count) }
}

private func receive(_ descriptor: Int32) -> String? {
  var bytes = [UInt8](repeating: 0, count: 64)
  let count = read(descriptor, &bytes, bytes.count)
  return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
}

@Suite("Foreign descriptors") struct DescriptorWatchTests {
  @Test(arguments: LoopKind.allCases) func whatArrivesIsReadByItsOwner(_ kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let pair = try SocketPair()
    var received: [String] = []
    let watch = loop.reactor.watch(pair.near, "a pair")
    try watch.onReadable {
      received.append(receive(pair.near) ?? "nothing")
      if received.count == 2 { loop.reactor.stop() } else { pair.send("again") }
    }
    pair.send("first")
    loop.run()
    #expect(received == ["first", "again"])
  }

  @Test(arguments: LoopKind.allCases) func bothHandlersServeOneDescriptorAndCeaseOneByOne(_ kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let pair = try SocketPair()
    var calls: [String] = []
    let watch = loop.reactor.watch(pair.near, "a pair")
    try watch.onWritable {
      calls.append("writable")
      if calls.count < 3 { return }
      watch.stopWriting()
      pair.send("go on")
    }
    try watch.onReadable {
      calls.append(receive(pair.near) ?? "nothing")
      watch.stopReading()
      #expect(!watch.isWatching)
      loop.reactor.callSoon { loop.reactor.stop() }
    }
    loop.run()
    #expect(calls == ["writable", "writable", "writable", "go on"])
  }

  @Test(arguments: LoopKind.allCases) func theOtherEndsCloseIsSeenByWhoeverReadsOrWrites(_ kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { close(ends[0]) }
    var read: String?
    let watch = loop.reactor.watch(ends[0], "half a pair")
    try watch.onReadable {
      read = receive(ends[0])
      watch.cancel()
      loop.reactor.stop()
    }
    close(ends[1])
    loop.run()
    #expect(read == "")
  }

  @Test(arguments: LoopKind.allCases) func whatAHandlerThrowsIsReportedAndTheLoopGoesOn(_ kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let pair = try SocketPair()
    let watch = loop.reactor.watch(pair.near, "a pair")
    var calls = 0
    try watch.onReadable {
      calls += 1
      // Not read: level-triggered, it is called again.
      if calls == 1 { throw Oops.first }
      loop.reactor.stop()
    }
    pair.send("news")
    loop.run()
    #expect(calls == 2)
    #expect(loop.failures.value == ["first"])
  }

  @Test(arguments: LoopKind.allCases) func theDescriptorIsLeftOpen(_ kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let pair = try SocketPair()
    let handler = Box<Canary?>(nil)
    var isGone = false
    handler.value = Canary { isGone = true }
    let watch = loop.reactor.watch(pair.near, "a pair")
    try watch.onReadable { [canary = handler.value] in withExtendedLifetime(canary) {} }
    handler.value = nil
    loop.run(for: .milliseconds(1))
    #expect(isGone, "the end lets go of handlers")
    #expect(fcntl(pair.near, F_GETFD) >= 0)
    #expect(throws: ReactorError.ended) { try watch.onReadable {} }
  }

  @Test func aDescriptorThatCannotBeWatchedIsAnError() throws {
    let loop = try LoopUnderTest(.virtual)
    let pair = try SocketPair()
    let file = open("/dev/null", O_RDONLY)
    close(file)
    #expect(throws: ReactorError.failed(.epollControl, at: nil, errno: EBADF)) {
      try loop.reactor.watch(file, "closed").onReadable {}
    }
    let regular = open("/proc/self/status", O_RDONLY)
    defer { close(regular) }
    #expect(throws: ReactorError.failed(.epollControl, at: nil, errno: EPERM)) {
      try loop.reactor.watch(regular, "a regular file").onReadable {}
    }
    var heard = false
    try loop.reactor.watch(pair.near, "the first").onReadable {
      heard = receive(pair.near) != nil
      loop.reactor.stop()
    }
    #expect(throws: ReactorError.failed(.epollControl, at: nil, errno: EEXIST)) {
      try loop.reactor.watch(pair.near, "the second").onReadable {}
    }
    pair.send("to the first")
    loop.run()
    #expect(heard)
  }

  @Test func aNumberUsedAgainIsNotTakenForTheDescriptorThatWasClosed() throws {
    let loop = try LoopUnderTest(.virtual)
    let (pair, other) = (try SocketPair(), try SocketPair())
    let number = pair.takeNear()
    defer { close(number) }
    let old = loop.reactor.watch(number, "closed behind the watch's back")
    try old.onWritable { Issue.record("called for a descriptor that was closed") }
    // Closes the old file, which nobody else has open, and puts another in its place.
    try #require(dup2(other.near, number) == number)
    var received: String?
    let new = loop.reactor.watch(number, "the number used again")
    try new.onReadable {
      received = receive(number)
      loop.reactor.stop()
    }
    old.cancel()
    other.send("news")
    loop.run()
    #expect(received == "news")
  }

  @Test func aTraceShowsTheStandingReadAndEachCallAsAChain() throws {
    let recording = try Recording()
    let pair = try SocketPair()
    let watch = recording.virtual.reactor.watch(pair.near, "a pair")
    try watch.onReadable(function: "readable") { _ = receive(pair.near) }
    pair.send("news")
    recording.virtual.settle()
    watch.cancel()
    #expect(
      recording.eventsBetweenPolls() == """
        1.000000000 loop-begin
        1.000000000 created op=1 kind=read site=readable fd=#1 standing
        1.000000000 watched fd=#1 label="a pair"
        1.000000000 begin span=2 kind=io trigger=poll site=readable op=1 starts-chain
        1.000000000 end span=2
        1.000000000 settled op=1 outcome=cancelled
        1.000000000 unwatched fd=#1
        1.000000000 loop-end
        """)
  }
}
