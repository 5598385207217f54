import Trace

/// What a Deferred fails with where its own source did not.
///
/// ```swift
/// reactor.after(.seconds(10)).timeOut(after: .seconds(1)).addErrback { error in
///   if case DeferredError.timedOut(let limit, _) = error { print("not within \(limit.seconds) s") }
/// }
/// ```
public enum DeferredError: Error, Equatable, Sendable {
  /// It did not settle in time: how long it had, and where that was asked for.
  case timedOut(after: Nanoseconds, CallSite)
  /// Nobody can fire it any more; where it was made.
  case dropped(CallSite)
}

extension DeferredError: CustomStringConvertible {
  /// One clause for a person, without a full stop.
  public var description: String {
    switch self {
    case .timedOut(let limit, let site): "not settled within \(limit.seconds) s, set in \(site)"
    case .dropped(let site): "the Deferred made in \(site) was dropped unfired"
    }
  }
}
