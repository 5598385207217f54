import CLinux
import Glibc
import Testing

@testable import Reactor

/// An epoll with one descriptor in it that the test makes ready.
private final class Watched {
  let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
  private let descriptor = ll_eventfd()

  init() throws {
    try #require(epoll >= 0 && descriptor >= 0)
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    try #require(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0)
  }

  deinit {
    close(descriptor)
    close(epoll)
  }

  func makeReady() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  func makeUnready() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
  }
}

private let canRing = {
  if Doorbell() != nil { return true }
  print("skipped: there is no io_uring that defers its work")
  return false
}()

@Suite("The doorbell", .enabled(if: canRing)) struct DoorbellTests {
  @Test func ringsWhenSomethingBecomesReadyAndNotBefore() throws {
    let watched = try Watched()
    let doorbell = try #require(Doorbell())
    #expect(!doorbell.isSilent)
    #expect(doorbell.set(watched.epoll))
    #expect(doorbell.isSilent)
    watched.makeReady()
    #expect(!doorbell.isSilent)
  }

  @Test func isNotSilentWhileWhatWasReadyBeforeIsStill() throws {
    let watched = try Watched()
    let doorbell = try #require(Doorbell())
    watched.makeReady()
    for _ in 0..<3 {
      #expect(doorbell.set(watched.epoll))
      #expect(!doorbell.isSilent)
    }
    watched.makeUnready()
    #expect(doorbell.set(watched.epoll))
    #expect(doorbell.isSilent)
  }

  @Test func ringsAgainEachTimeThatItIsSet() throws {
    let watched = try Watched()
    let doorbell = try #require(Doorbell())
    for _ in 0..<1000 {
      try #require(doorbell.set(watched.epoll))
      // Twice is once.
      try #require(doorbell.set(watched.epoll) && doorbell.isSilent)
      watched.makeReady()
      try #require(!doorbell.isSilent)
      watched.makeUnready()
    }
  }

  @Test func refusesAllButTheThreadThatMadeIt() throws {
    let watched = try Watched()
    let doorbell = try #require(Doorbell())
    #expect(doorbell.set(watched.epoll))
    watched.makeReady()
    // As a forked child would be: it has its parent's memory, but is not its thread.
    let other = ClientThread { doorbell.set(watched.epoll) ? 1 : 0 }
    #expect(other.join() == 0)
    watched.makeUnready()
    #expect(doorbell.set(watched.epoll))
    #expect(doorbell.isSilent)
  }
}

@Suite("A loop that always has something to run") struct BusyLoopTests {
  /// More passes than there are before a doorbell is set, and than it is trusted for.
  private let passes = 1000

  @Test(arguments: LoopKind.allCases) func hearsOfEachDescriptorInTheNextPass(_ kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let pair = try SocketPair()
    var pass = 0
    var sent: [Int] = []
    var heard: [Int] = []
    let watch = loop.reactor.watch(pair.near, "a pair")
    try watch.onReadable {
      var bytes: (UInt64, UInt64) = (0, 0)
      _ = read(pair.near, &bytes, 16)
      heard.append(pass)
    }
    func count() {
      pass += 1
      // Now after few passes, now after many.
      if (pass & (pass >> 3)).isMultiple(of: 37) {
        sent.append(pass)
        pair.send("x")
      }
      if pass < passes { loop.reactor.callSoon(count) } else { loop.reactor.callSoon { loop.reactor.stop() } }
    }
    loop.reactor.callSoon(count)
    loop.run()
    #expect(sent.count > 20)
    #expect(heard == sent)
  }

  @Test(arguments: LoopKind.allCases) func isToldInEveryPassOfWhatIsNotRead(_ kind: LoopKind) throws {
    let loop = try LoopUnderTest(kind)
    let pair = try SocketPair()
    var pass = 0
    var told = 0
    let watch = loop.reactor.watch(pair.near, "a pair")
    try watch.onReadable { told += 1 }
    func count() {
      pass += 1
      if pass == passes / 2 { pair.send("x") }
      if pass < passes { loop.reactor.callSoon(count) } else { loop.reactor.stop() }
    }
    loop.reactor.callSoon(count)
    loop.run()
    #expect(told == passes - passes / 2)
  }
}
