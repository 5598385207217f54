/// An error on its way along Deferreds; all that hold it share this object.
///
/// So the end of the last one that holds it is the moment when it is known whether anybody handled it.
@usableFromInline final class Failure {
  @usableFromInline let error: any Error
  /// A step ran on it.
  var isHandled = false
  private let reactor: Reactor
  private let origin: CallSite
  private let registration: Registration

  init(_ error: any Error, from deferred: AnyDeferred) {
    self.error = error
    reactor = deferred.reactor
    origin = deferred.origin
    registration = Registration(deferred.callSite, deferred.site, .none, deferred.operation)
  }

  deinit {
    if !isHandled && !isCancellation { reactor.report(error, registration, origin: origin) }
  }

  /// Whoever cancelled knows of it: not reported.
  var isCancellation: Bool { error is CancellationError }
}
