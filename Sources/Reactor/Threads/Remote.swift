import CLinux
import Glibc
import Recorder
import Synchronization
import Trace

/// What other threads may have of a reactor. Copies and outliving the reactor are fine.
///
/// ```swift
/// let remote = reactor.remote
/// reactor.inThread {
///   for percent in 1...100 { remote.call { $0.mark("\(percent) %") } }
/// }
/// ```
public final class Remote: Sendable {
  private struct Box: ~Copyable, Sendable {
    var mail = PlainBuffer<Mail>()
    /// `nil` before the reactor is made and after it ended.
    var clock: RingClock?
    // Both change under the lock, and are looked at by the loop without it.
    /// Whether there is mail: set with the first of it, and never set in vain.
    let isFull = Atomic<Bool>(false)
    /// Whether the loop sleeps, or is about to: whoever posts first then wakes it.
    let isWaitedFor = Atomic<Bool>(false)
  }

  /// An eventfd, written to in order to wake the loop and never read: the poll reports each time. Ours, so that it is open
  /// for as long as anybody can post.
  let descriptor: Int32
  private let box = SpinLock(Box())
  /// Whether posts are stamped with the processor's counter, for which nobody needs the lock.
  private let isStampedByProcessor = Atomic<Bool>(false)

  init() throws(ReactorError) {
    descriptor = ll_eventfd()
    if descriptor < 0 { throw .last(.eventfd) }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Runs `work` on the reactor's thread, in the ready phase of a tick; in the order of the calls of one thread.
  ///
  /// From any thread. Wakes the loop where it sleeps, by the only system call of it; a loop at work looks by itself. Returns
  /// `false` where the reactor has ended, and drops `work` then. What it throws is an unhandled failure.
  @discardableResult
  public func call(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: consuming @escaping @Sendable (Reactor) throws -> Void
  ) -> Bool {
    post(.call(consume work, CallSite(function, file, line)))
  }

  /// A stamp for what happens now on this thread; `nil` where the reactor has ended.
  func moment() -> RingMoment? {
    box.withLock { $0.clock?.moment() }
  }

  /// A manual clock is read under the lock: not once the reactor has ended.
  ///
  /// Made for many calls in a row. Most of one's cost is that the loop's core has the memory that it is written to, and that
  /// taking the lock waits until all that was stored before has left this core. So the memory is fetched some calls ahead
  /// (measured: 110 ns a call became 55), and the counter is read before the lock is taken (of a recorded one, 125 became 100).
  @inline(__always)
  func post(_ content: consuming Mail.Content) -> Bool {
    let stamp = isStampedByProcessor.load(ordering: .relaxed) ? RingMoment.byProcessor : .none
    let inside = box.value
    box.lock()
    guard let clock = inside.pointee.clock else {
      box.unlock()
      // Outside the lock: its destruction may be the program's code.
      _ = consume content
      return false
    }
    if inside.pointee.mail.isEmpty { inside.pointee.isFull.store(true, ordering: .relaxed) }
    inside.pointee.mail.append(Mail(content: content, moment: stamp == .none ? clock.moment() : stamp))
    inside.pointee.mail.prefetch()
    let wakes = inside.pointee.isWaitedFor.load(ordering: .relaxed)
    if wakes { inside.pointee.isWaitedFor.store(false, ordering: .relaxed) }
    box.unlock()
    if wakes { wake() }
    return true
  }

  func open(_ recorder: Recorder) {
    box.withLock { $0.clock = recorder.clock }
    isStampedByProcessor.store(recorder.clock.isProcessor, ordering: .relaxed)
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

  /// Whether there is mail. What was posted before the loop was woken is seen.
  var hasMail: Bool { box.value.pointee.isFull.load(ordering: .relaxed) }

  /// The loop is about to sleep, and is to be woken for mail; `false` where there is some already.
  func willWait() -> Bool {
    // Nobody has posted since it last said so: whoever does now still finds that, and wakes it.
    if box.value.pointee.isWaitedFor.load(ordering: .relaxed) && !hasMail { return true }
    return box.withLock { box in
      let waits = box.mail.isEmpty
      box.isWaitedFor.store(waits, ordering: .relaxed)
      return waits
    }
  }

  /// Waits until there is mail, at most so long; now and then for nothing.
  func wait(_ limit: Nanoseconds) {
    if !willWait() { return }
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&watched, 1, Int32(clamping: limit.count / 1_000_000 + 1))
    // What has woken the loop before stands in it still.
    var counter: UInt64 = 0
    _ = read(descriptor, &counter, MemoryLayout<UInt64>.size)
  }

  /// Swaps the mail for `spare`, which is empty and whose memory serves for the next.
  func take(into spare: inout PlainBuffer<Mail>) {
    box.withLock { box in
      box.isFull.store(false, ordering: .relaxed)
      swap(&box.mail, &spare)
    }
  }

  @inline(never)
  private func wake() {
    ll_signal_eventfd(descriptor)
  }
}

extension Remote: Watcher {
  /// The loop was woken, and looks for mail in each tick.
  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool { false }
  func reactorEnded() {}
}
