import Trace

extension Deferred {
  /// What comes out of it, if it settles within `limit`; else it is cancelled, and the failure is `DeferredError.timedOut`.
  ///
  /// The limit counts from the beginning of this tick (`Reactor.now`). A source that answers its being cancelled with a value
  /// has the last word; so has one that comes to its end later, like a task.
  ///
  /// ```swift
  /// reactor.connect(host: "127.0.0.1", port: 5432)
  ///   .timeOut(after: .seconds(2))
  ///   .addErrback { error in
  ///     print(error)
  ///     throw error
  ///   }
  /// ```
  public func timeOut(
    after limit: Nanoseconds, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Value> {
    if !isPending { return self }
    let timeOut = TimeOut(self)
    timeOut.timer = reactor.callLater(limit, function: function, file: file, line: line) { [weak timeOut] in
      timeOut?.strike()
    }
    let error = DeferredError.timedOut(after: limit, CallSite(function, file, line))
    return onOutcome([.onBoth, .isSilent], function, file, line) { result in
      if timeOut.hasStruck, case .failure(is CancellationError) = result { throw error }
      return try result.get()
    }
  }
}

/// A limit on a Deferred, which it does not keep alive: there for as long as the step that waits for the Deferred.
private final class TimeOut {
  private weak var deferred: AnyDeferred?
  private(set) var hasStruck = false
  var timer: Timer?

  init(_ deferred: AnyDeferred) { self.deferred = deferred }

  deinit { timer?.cancel() }

  func strike() {
    hasStruck = true
    deferred?.cancel()
  }
}
