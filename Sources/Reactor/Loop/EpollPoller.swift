import CLinux
import Glibc
import Trace

/// epoll, level-triggered unless `Interest.edge` says otherwise: what was not read is reported again, so a callback may stop
/// reading in the middle.
///
/// A loop that always has something to run polls without waiting, and mostly in vain: after some such polls it lets a
/// doorbell say whether there is anything to ask the kernel for.
final class EpollPoller: Poller {
  let name = "epoll"
  private let descriptor: Int32
  // Allocated once: a wait allocates nothing. More than 1024 ready ones wait for the next tick (256 were measured to take 3 %
  // more of an echo with a thousand connections).
  private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 1024)
  // Unchecked: the loop's thread alone comes here.
  /// Polls that did not wait and found nothing, since the last one that was not of that kind.
  @exclusivity(unchecked) private var pollsInVain = 0
  /// Since the kernel was last asked.
  @exclusivity(unchecked) private var pollsByDoorbell = 0
  /// There once it was needed, if there can be one.
  @exclusivity(unchecked) private var doorbell: Doorbell?
  @exclusivity(unchecked) private var hasNoDoorbell = false

  /// What setting a doorbell costs, in polls that find nothing.
  private static var patience: Int { 16 }
  /// So often the kernel is asked nevertheless: a forked child shares the epoll and its doorbell, and takes what is ready away.
  private static var doorbellLimit: Int { 64 }

  init() throws(ReactorError) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    if descriptor < 0 { throw .last(.epollCreate) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    events.deallocate()
  }

  func add(_ descriptor: Int32, _ interest: Interest, key: UInt64) throws(ReactorError) {
    if control(EPOLL_CTL_ADD, descriptor, interest, key) != 0 { throw .last(.epollControl) }
  }

  func change(_ descriptor: Int32, _ interest: Interest, key: UInt64) {
    let failed = control(EPOLL_CTL_MOD, descriptor, interest, key)
    precondition(failed == 0, "descriptor \(descriptor) of the reactor was closed by somebody else (errno \(errno))")
  }

  func remove(_ descriptor: Int32) {
    _ = control(EPOLL_CTL_DEL, descriptor, [], 0)
  }

  /// What a wait found, in the kernel's words.
  struct Ready: RandomAccessCollection {
    fileprivate let events: UnsafePointer<epoll_event>
    let endIndex: Int
    var startIndex: Int { 0 }
    subscript(index: Int) -> Readiness { Readiness(key: events[index].data.u64, events: events[index].events) }
  }

  func wait(_ timeout: Nanoseconds?) -> Ready {
    Ready(events: events.baseAddress!, endIndex: waitForKernel(timeout))
  }

  private func waitForKernel(_ timeout: Nanoseconds?) -> Int {
    if timeout == .zero, pollsByDoorbell < Self.doorbellLimit, let doorbell, doorbell.isSilent {
      pollsByDoorbell += 1
      return 0
    }
    pollsByDoorbell = 0
    let count = ll_epoll_wait(descriptor, events.baseAddress!, Int32(events.count), timeout?.count ?? -1)
    precondition(count >= 0 || count == -EINTR, "epoll_wait failed (errno \(-count))")
    if count > 0 || timeout != .zero { pollsInVain = 0 } else { polledInVain() }
    return max(0, Int(count))
  }

  private func polledInVain() {
    pollsInVain += 1
    if pollsInVain < Self.patience || hasNoDoorbell { return }
    pollsInVain = 0
    if doorbell == nil { doorbell = Doorbell() }
    guard let doorbell, doorbell.set(descriptor) else {
      doorbell = nil
      hasNoDoorbell = true
      return
    }
  }

  private func control(_ operation: Int32, _ watched: Int32, _ interest: Interest, _ key: UInt64) -> Int32 {
    var event = epoll_event()
    if interest.contains(.read) { event.events |= EPOLLIN.rawValue }
    if interest.contains(.write) { event.events |= EPOLLOUT.rawValue }
    if interest.contains(.edge) { event.events |= (EPOLLET.rawValue | EPOLLRDHUP.rawValue | EPOLLPRI.rawValue) }
    if interest.isEmpty { event.events = EPOLLONESHOT.rawValue }
    event.data.u64 = key
    return epoll_ctl(descriptor, operation, watched, &event)
  }
}
