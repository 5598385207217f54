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
  /// Waits; `nil` without limit. The results stand until the next wait; none when a signal cut the wait short.
  func wait(_ timeout: Nanoseconds?) -> UnsafeBufferPointer<Readiness>
}

/// What a descriptor is watched for. A hang-up is reported whatever the interest, but only once where there is none.
package struct Interest: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let read = Interest(rawValue: 1)
  package static let write = Interest(rawValue: 2)
  /// Reported once for each time that it becomes ready: for what need not be read to be ready again.
  package static let edge = Interest(rawValue: 4)
}

/// What the kernel says of one descriptor.
package struct Readiness: Sendable {
  package var key: UInt64
  package var readable: Bool
  package var writable: Bool
  /// Both directions are gone, or an error is pending.
  package var hungUp: Bool
}
