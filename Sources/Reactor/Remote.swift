import CLinux
import Glibc
import Recorder
import Trace

/// What other threads may have of a reactor. Copies and outliving the reactor are fine.
public final class Remote: Sendable {
  private struct Box: ~Copyable, Sendable {
    var mail = PlainBuffer<Mail>()
    /// `nil` before the reactor is made and after it ended.
    var clock: RingClock?
  }

  /// An eventfd, written to for new mail and never read: the poll reports each time. Ours, so that it is open for as long
  /// as anybody can post.
  let descriptor: Int32
  private let box = SpinLock(Box())

  init() throws(ReactorError) {
    descriptor = ll_eventfd()
    if descriptor < 0 { throw .last(.eventfd) }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Runs `work` on the reactor's thread, in the ready phase of a tick; in the order of the calls of one thread.
  ///
  /// From any thread. Wakes the loop; many calls before it wakes cost one system call. Returns `false` where the reactor
  /// has ended, and drops `work` then. What it throws is an unhandled failure.
  @discardableResult
  public func call(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping @Sendable (Reactor) throws -> Void
  ) -> Bool {
    let callSite = CallSite(function, file, line)
    return post { .call(Mail.Call(work: work, callSite: callSite, moment: $0.moment())) }
  }

  /// A stamp for what happens now on this thread; `nil` where the reactor has ended.
  func moment() -> RingMoment? {
    box.withLock { $0.clock?.moment() }
  }

  /// Stamps under the lock: the clock is not read once the reactor has ended.
  @inline(__always)
  func post(_ item: (RingClock) -> Mail) -> Bool {
    let count = box.withLock { box in
      guard let clock = box.clock else { return 0 }
      box.mail.append(item(clock))
      return box.mail.count
    }
    // Whoever posted first has woken the loop, or is about to.
    if count == 1 { wake() }
    return count > 0
  }

  func open(_ recorder: Recorder) {
    box.withLock { $0.clock = recorder.clock }
  }

  /// Takes no more mail; returns what was not taken, for the caller to let go of outside the lock.
  func close() -> PlainBuffer<Mail> {
    var left = PlainBuffer<Mail>()
    box.withLock { box in
      box.clock = nil
      swap(&box.mail, &left)
    }
    return left
  }

  /// Waits until there is mail, at most so long; now and then for nothing.
  func wait(_ limit: Nanoseconds) {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&watched, 1, Int32(clamping: limit.count / 1_000_000 + 1))
    // What has woken the loop before stands in it still.
    var counter: UInt64 = 0
    _ = read(descriptor, &counter, MemoryLayout<UInt64>.size)
  }

  /// Swaps the mail for `spare`, which is empty and whose memory serves for the next.
  func take(into spare: inout PlainBuffer<Mail>) {
    box.withLock { swap(&$0.mail, &spare) }
  }

  private func wake() {
    // Cannot fail: the counter would have to be at 2⁶⁴ − 2, which takes centuries.
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }
}

extension Remote: Watcher {
  func ready(_ readiness: Readiness, _ reactor: Reactor) { reactor.takeMail() }
  func reactorEnded() {}
}

/// What other threads send to the loop. Small: each byte goes from one core's cache to another's.
enum Mail: ~Copyable, Sendable {
  struct Call: ~Copyable, Sendable {
    let work: @Sendable (Reactor) throws -> Void
    let callSite: CallSite
    let moment: RingMoment
  }

  /// To run `work` on the loop.
  case call(Call)
  /// A pool thread finished a call.
  case result(PoolResult)
  /// An async function can go on; since when.
  case job(Job, RingMoment)

  /// The job, if it is one.
  var job: Job? {
    switch self {
    case .job(let job, _): job
    default: nil
    }
  }
}
