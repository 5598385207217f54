/// Who is told when a descriptor is ready.
protocol Watcher: AnyObject {
  /// The kernel reported its descriptor. May unwatch and close it. Returns whether a callback's end was the last thing that was
  /// done: what comes next can share its moment.
  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool
  /// The loop ended: close the descriptor, settle its operations, let go of closures, call nobody.
  func reactorEnded()
}

/// A watcher in the table.
///
/// The kinds whose callbacks are many stand apart, so that what is called for each message need not be found through a protocol;
/// and the table alone retains, so that nobody else has to for a call.
enum Watched: BitwiseCopyable {
  case connection(Unmanaged<Connection>)
  case foreign(Unmanaged<DescriptorWatch>)
  /// Only wakes the loop, which looks for mail in each tick.
  case waker(Unmanaged<Remote>)
  case other(Unmanaged<OtherWatcher>)

  init(_ watcher: any Watcher) {
    switch watcher {
    case let connection as Connection: self = .connection(.passRetained(connection))
    case let watch as DescriptorWatch: self = .foreign(.passRetained(watch))
    case let remote as Remote: self = .waker(.passRetained(remote))
    default: self = .other(.passRetained(OtherWatcher(watcher)))
    }
  }

  var watcher: any Watcher {
    switch self {
    case .connection(let connection): connection.takeUnretainedValue()
    case .foreign(let watch): watch.takeUnretainedValue()
    case .waker(let remote): remote.takeUnretainedValue()
    case .other(let other): other.takeUnretainedValue().watcher
    }
  }

  /// Its watcher, which nobody retains for the table any more.
  consuming func release() -> any Watcher {
    switch self {
    case .connection(let connection): connection.takeRetainedValue()
    case .foreign(let watch): watch.takeRetainedValue()
    case .waker(let remote): remote.takeRetainedValue()
    case .other(let other): other.takeRetainedValue()
    }
  }
}

/// A watcher of whatever kind, behind a reference that is like the others'.
final class OtherWatcher: Watcher {
  let watcher: any Watcher

  init(_ watcher: any Watcher) { self.watcher = watcher }

  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool { watcher.ready(readiness, reactor) }
  func reactorEnded() { watcher.reactorEnded() }
}
