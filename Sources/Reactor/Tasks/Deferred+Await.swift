import Recorder

extension Deferred {
  /// What it fires with, awaited: for async functions on the reactor's thread.
  ///
  /// Throws what it fails with, which is handled then; `DeferredError.dropped` where nobody can fire it any more, and
  /// `ReactorError.ended` where its reactor ended before it fired. Cancelling the task that awaits cancels the Deferred.
  ///
  /// ```swift
  /// let answer = reactor.deferred(of: Int.self)
  /// reactor.callLater(.seconds(1)) { answer.callback(42) }
  /// reactor.task { print(try await answer.value) }
  /// ```
  public nonisolated(nonsending) var value: Value {
    get async throws {
      reactor.checkThread("Deferred.value")
      if mayStillFire { await settled() }
      switch state {
      case .value: return stored.unsafelyUnwrapped
      case .failure(let failure):
        failure.isHandled = true
        throw failure.error
      case .pending where flags.contains(.isOrphan): throw DeferredError.dropped(origin)
      case .pending, .abandoned: throw ReactorError.ended
      }
    }
  }

  private nonisolated(nonsending) func settled() async {
    let waiter = Waiter(for: self)
    let cancelling = Cancelling(waiter)
    await withTaskCancellationHandler {
      await withUnsafeContinuation { waiter.wait($0) }
    } onCancel: {
      cancelling.begin()
    }
  }
}

extension AnyDeferred {
  fileprivate var mayStillFire: Bool { isPending && !flags.contains(.isOrphan) && !reactor.hasEnded }
}

/// The last step of a Deferred that a task awaits: resumes the task.
final class Waiter: AnyDeferred {
  fileprivate unowned let deferred: AnyDeferred
  private var continuation: UnsafeContinuation<Void, Never>?

  init(for deferred: AnyDeferred) {
    self.deferred = deferred
    super.init(after: deferred, [.onBoth, .isSilent], "value", #fileID, #line) { _, waiter in
      unsafeDowncast(waiter, to: Waiter.self).resume()
      return nil
    }
  }

  /// Whether the task is still suspended.
  var isWaiting: Bool { continuation != nil }

  func wait(_ continuation: UnsafeContinuation<Void, Never>) {
    self.continuation = continuation
    if !deferred.mayStillFire { return resume() }
    reactor.tasks.add(self)
    if let task = reactor.tasks.running {
      reactor.recorder.awaits(task.deferred.operation, on: deferred.unsettledOperation)
    }
    deferred.add(self)
  }

  func resume() {
    reactor.tasks.remove(self)
    continuation.take()?.resume()
  }

  override func wasOrphaned() { resume() }
}

/// Brings a task's cancellation, from whatever thread, to the Deferred that it awaits.
///
/// Unchecked: touches the Deferred on the loop's thread only.
private final class Cancelling: @unchecked Sendable {
  private let executor: ReactorExecutor
  private let waiter: Waiter

  init(_ waiter: Waiter) {
    executor = waiter.reactor.executor
    self.waiter = waiter
  }

  func begin() {
    if executor.isOnLoop { return waiter.deferred.cancel() }
    executor.remote.call(function: "Task.cancel") { [self] _ in
      if waiter.isWaiting { waiter.deferred.cancel() }
    }
  }
}
