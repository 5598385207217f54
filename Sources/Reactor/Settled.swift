/// What a Deferred has once it has fired.
enum Settled<Value> {
  case value(Value)
  case failure(Failure)

  init(_ result: Result<Value, any Error>, from deferred: Deferred<Value>) {
    switch result {
    case .success(let value): self = .value(value)
    case .failure(let error): self = .failure(Failure(error, from: deferred))
    }
  }

  var result: Result<Value, any Error> {
    switch self {
    case .value(let value): .success(value)
    case .failure(let failure): .failure(failure.error)
    }
  }
}

/// An error on its way along Deferreds; all that hold it share this object.
///
/// So the end of the last one that holds it is the moment when it is known whether anybody handled it.
final class Failure {
  let error: any Error
  /// A step ran on it.
  var isHandled = false
  private let reactor: Reactor
  private let registration: Registration

  init<Value>(_ error: any Error, from deferred: Deferred<Value>) {
    self.error = error
    reactor = deferred.reactor
    registration = Registration(deferred.callSite, deferred.site, .none, deferred.operation)
  }

  deinit {
    if !isHandled && !isCancellation { reactor.report(error, registration) }
  }

  /// Whoever cancelled knows of it: not reported.
  var isCancellation: Bool { error is CancellationError }
}
