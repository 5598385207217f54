import CLinux
import Trace

/// The kernel's wait, and nothing else: what a second kind of poll (io_uring, kqueue) has to provide.
///
/// The loop names the one that it uses: `wait` stands in every pass, and calling it through an existential would count there.
package protocol Poller: AnyObject {
  /// What the trace calls it.
  var name: String { get }
  /// Watches a descriptor; `key` comes back with its results. Throws where the kernel has no room for it.
  func add(_ descriptor: Int32, _ interest: Interest, key: UInt64) throws(ReactorError)
  /// Changes what a watched descriptor is watched for.
  func change(_ descriptor: Int32, _ interest: Interest, key: UInt64)
  /// Forgets a descriptor, which is still open.
  func remove(_ descriptor: Int32)
  associatedtype Ready: RandomAccessCollection<Readiness>
  /// Waits, `nil` without limit; what is ready, until the next wait. Nothing when a signal cut the wait short.
  func wait(_ timeout: Nanoseconds?) -> Ready
}

/// What a descriptor is watched for. A hang-up is reported whatever the interest, but only once where there is none.
package struct Interest: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let read = Interest(rawValue: 1)
  package static let write = Interest(rawValue: 2)
  /// Reported once for each time that something comes, or room does: what is left is for the watcher to know of. Spares the
  /// kernel from looking at it again in the next poll.
  package static let edge = Interest(rawValue: 4)
}

/// What the kernel says of one descriptor.
package struct Readiness: Sendable {
  /// Under which it is watched.
  package let key: UInt64
  /// In epoll's bits: they are looked at for each message that comes, and made into others at most once.
  let events: UInt32

  package var readable: Bool { events & EPOLLIN.rawValue != 0 }
  /// Of an edge: more is there than one `receive` tells of that was not full, an end or data that is urgent.
  package var hasMore: Bool { events & (EPOLLRDHUP.rawValue | EPOLLPRI.rawValue) != 0 }
  package var writable: Bool { events & EPOLLOUT.rawValue != 0 }
  /// Both directions are gone, or an error is pending.
  package var hungUp: Bool { events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
}
