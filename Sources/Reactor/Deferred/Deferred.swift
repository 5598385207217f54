import Recorder
import Trace

/// A value that is not there yet, and the steps that are to be taken once it is, or once it is known to fail.
///
/// Whoever has the source of the value makes one and fires it, once, with `callback(_:)` or `errback(_:)`. Everybody else adds
/// steps; each `add…` returns a Deferred for what comes out of that step. Steps run at once: inside the call that
/// fires, or inside `add…` where the value is there already; those of one Deferred in the order of their adding, and
/// all of them before any step added to what comes out of them. A step that returns a Deferred makes what follows wait for it.
///
/// ```swift
/// let answer = Deferred<Int>(on: reactor)
/// answer
///   .addCallback { "\($0)" }
///   .addErrback { error in "no answer: \(error)" }
///   .addCallback { text in print(text) }
/// reactor.callLater(.seconds(1)) { answer.callback(42) }
/// ```
///
/// A step without types costs the compiler: each word is there for a step that returns a value and for one that returns a Deferred,
/// and all closures of one expression that are a single expression are tried together. More than three like `{ $0 + 1 }` in a
/// row are too many for it: give one of them a type, `{ (sum: Int) in sum + 1 }`, or the chain an intermediate name.
///
/// Only a Deferred that was made, not derived, is an operation in the trace, and a derived one whose step returned a
/// Deferred that had not fired. Not for use from another thread, and not `Sendable`.
public class Deferred<Value>: AnyDeferred {
  @exclusivity(unchecked) @usableFromInline final var stored: Value?
  /// Called to cancel the source; may fire.
  @exclusivity(unchecked) @usableFromInline final var onCancel: ((Deferred) -> Void)?

  @inlinable
  override init(
    after source: AnyDeferred, _ condition: Flags, _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ step: @escaping Step
  ) {
    super.init(after: source, condition, function, file, line, step)
  }

  /// A Deferred for its maker to fire.
  ///
  /// `onCancel` is called when somebody cancels it, and should stop the source of the value; if it does not fire, the
  /// Deferred fails with a `CancellationError`.
  @inlinable
  public init(
    on reactor: Reactor, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    onCancel: ((Deferred<Value>) -> Void)? = nil
  ) {
    self.onCancel = onCancel
    super.init(reactor, function, file, line)
  }

  override init(
    _ reactor: Reactor, _ kind: OperationKind, _ callSite: CallSite, _ site: RingSite, descriptor: Int32?
  ) {
    super.init(reactor, kind, callSite, site, descriptor: descriptor)
  }

  override init(settledOn reactor: Reactor, _ function: StaticString, _ file: StaticString, _ line: UInt) {
    super.init(settledOn: reactor, function, file, line)
  }

  /// Fires with a value: its steps run, inside this call. Once only; to no effect after a cancel.
  ///
  /// ```swift
  /// let answer = reactor.deferred(of: String.self)
  /// answer.addCallback { print($0) }
  /// answer.callback("at once")
  /// ```
  @inlinable
  public final func callback(_ value: Value) {
    guard mayFire(with: "\(Result<Value, any Error>.success(value))") else { return }
    onCancel = nil
    give(value)
    fired()
  }

  /// Fires with an error. Once only; to no effect after a cancel.
  @inlinable
  public final func errback(_ error: any Error) {
    guard mayFire(with: "\(Result<Value, any Error>.failure(error))") else { return }
    onCancel = nil
    fail(error)
  }

  final func fire(_ result: Result<Value, any Error>) {
    switch result {
    case .success(let value): callback(value)
    case .failure(let error): errback(error)
    }
  }

  /// The value is there, unless a cancel came before it.
  @inlinable
  final func give(_ value: Value) {
    guard isPending else { return }
    stored = value
    state = .value
  }

  /// Its outcome; only once it has settled.
  @inlinable
  final var outcome: Result<Value, any Error> {
    if case .failure(let failure) = state { return .failure(failure.error) }
    return .success(stored.unsafelyUnwrapped)
  }

  override func takeValue(of other: AnyDeferred) {
    stored = unsafeDowncast(other, to: Deferred<Value>.self).stored
  }

  override func askToCancel() {
    onCancel.take()?(self)
  }

  override var outcomeText: String { "\(outcome)" }
}

extension Deferred where Value == Void {
  /// Fires.
  public func callback() {
    callback(())
  }
}

extension Reactor {
  /// A Deferred of this reactor, for its maker to fire; see `Deferred.init(on:)`.
  ///
  /// ```swift
  /// func firstLine(of connection: Connection) -> Deferred<String> {
  ///   let line = reactor.deferred(of: String.self) { _ in connection.abort() }
  ///   connection.onData { line.callback(String(decoding: $0, as: UTF8.self)) }
  ///   return line
  /// }
  /// ```
  @inlinable
  public func deferred<Value>(
    of type: Value.Type = Value.self, function: StaticString = #function, file: StaticString = #fileID,
    line: UInt = #line, onCancel: ((Deferred<Value>) -> Void)? = nil
  ) -> Deferred<Value> {
    Deferred(on: self, function: function, file: file, line: line, onCancel: onCancel)
  }

  /// A Deferred that has fired with `value`, for whoever must return one and has the value.
  ///
  /// ```swift
  /// var pages = ["/": "home"]
  /// func page(_ path: String) -> Deferred<String> {
  ///   if let known = pages[path] { return reactor.succeeded(known) }
  ///   return reactor.inThread { "page \(path)" }
  /// }
  /// ```
  public func succeeded<Value>(
    _ value: Value, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Value> {
    let deferred = Deferred<Value>(settledOn: self, function, file, line)
    deferred.give(value)
    return deferred
  }

  /// A Deferred that has failed with `error`; unhandled unless somebody takes it.
  public func failed<Value>(
    _ error: any Error, of type: Value.Type = Value.self, function: StaticString = #function,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Value> {
    let deferred = Deferred<Value>(settledOn: self, function, file, line)
    deferred.fail(error)
    return deferred
  }
}
