// Each word comes twice: for a step that returns what comes out of it, and for one that returns a Deferred for it, which the
// compiler prefers where both fit.

extension Deferred {
  /// Adds a step that runs on the value; what it returns or throws is what comes out. A failure is passed on.
  @discardableResult
  public func addCallback<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Value) throws -> New
  ) -> Deferred<New> {
    onValue(function, file, line) { .settled(.value(try step($0))) }
  }

  /// Adds a step that runs on the value; what the Deferred that it returns fires with is what comes out.
  @discardableResult
  public func addCallback<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Value) throws -> Deferred<New>
  ) -> Deferred<New> {
    onValue(function, file, line) { .deferred(try step($0)) }
  }

  /// Adds a step that runs on a failure, and handles it: what it returns is the value from here on, unless it throws. A
  /// value is passed on.
  @discardableResult
  public func addErrback(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (any Error) throws -> Value
  ) -> Deferred<Value> {
    onFailure(function, file, line) { .settled(.value(try step($0))) }
  }

  /// Adds a step that runs on a failure, and handles it: the Deferred that it returns fires with the value from here on.
  ///
  /// Generic only so that a step that does nothing but throw is not ambiguous.
  @discardableResult
  public func addErrback<Inner: Deferred<Value>>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (any Error) throws -> Inner
  ) -> Deferred<Value> {
    onFailure(function, file, line) { .deferred(try step($0)) }
  }

  /// Adds a step that runs on the value as well as on a failure, which it handles.
  @discardableResult
  public func addBoth<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Result<Value, any Error>) throws -> New
  ) -> Deferred<New> {
    onBoth(function, file, line) { .settled(.value(try step($0))) }
  }

  /// Adds a step that runs on the value as well as on a failure, which it handles; what the Deferred that it returns
  /// fires with is what comes out.
  @discardableResult
  public func addBoth<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Result<Value, any Error>) throws -> Deferred<New>
  ) -> Deferred<New> {
    onBoth(function, file, line) { .deferred(try step($0)) }
  }

  private func onValue<New>(
    _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ step: @escaping (Value) throws -> Derived<Value, New>.Outcome
  ) -> Deferred<New> {
    let derived = Derived<Value, New>(after: self, .onValue, function, file, line) { input in
      switch input {
      case .value(let value): try step(value)
      case .failure(let failure): .settled(.failure(failure))
      }
    }
    add(derived)
    return derived
  }

  private func onFailure(
    _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ step: @escaping (any Error) throws -> Derived<Value, Value>.Outcome
  ) -> Deferred<Value> {
    let derived = Derived<Value, Value>(after: self, .onFailure, function, file, line) { input in
      switch input {
      case .value: .settled(input)
      case .failure(let failure): try step(failure.error)
      }
    }
    add(derived)
    return derived
  }

  private func onBoth<New>(
    _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ step: @escaping (Result<Value, any Error>) throws -> Derived<Value, New>.Outcome
  ) -> Deferred<New> {
    let derived = Derived<Value, New>(after: self, .onBoth, function, file, line) { try step($0.result) }
    add(derived)
    return derived
  }
}

extension Deferred where Value == Void {
  /// Fires.
  public func callback() {
    callback(())
  }
}

extension Reactor {
  /// A Deferred of this reactor, for its maker to fire; see `Deferred.init(on:)`.
  public func deferred<Value>(
    of type: Value.Type = Value.self, function: StaticString = #function, file: StaticString = #fileID,
    line: UInt = #line, onCancel: ((Deferred<Value>) -> Void)? = nil
  ) -> Deferred<Value> {
    Deferred(on: self, function: function, file: file, line: line, onCancel: onCancel)
  }
}
