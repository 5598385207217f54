// Each word comes twice: for a step that returns what comes out of it, and for one that returns a Deferred for it, which the
// compiler prefers where both fit.

extension Deferred {
  /// Adds a step that runs on the value; what it returns or throws is what comes out. A failure is passed on.
  ///
  /// ```swift
  /// reactor.inThread { 6 * 7 }.addCallback { "\($0)" }.addCallback { text in print(text) }
  /// ```
  @inlinable @discardableResult
  public func addCallback<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Value) throws -> New
  ) -> Deferred<New> {
    onValue(function, file, line, step)
  }

  /// Adds a step that runs on the value; what the Deferred that it returns fires with is what comes out.
  ///
  /// ```swift
  /// reactor.connect(host: "127.0.0.1", port: 80)
  ///   .addCallback { connection in reactor.after(.seconds(1)).addCallback { connection.close() } }
  /// ```
  @inlinable @discardableResult
  public func addCallback<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Value) throws -> Deferred<New>
  ) -> Deferred<New> {
    following(.onValue, function, file, line) { try step($0.get()) }
  }

  /// Adds a step that runs on a failure, and handles it: what it returns is the value from here on, unless it throws. A
  /// value is passed on.
  ///
  /// ```swift
  /// reactor.connect(host: "127.0.0.1", port: 8080)
  ///   .addErrback { _ in reactor.connect(host: "127.0.0.1", port: 8081) }
  ///   .addErrback { error in
  ///     print("neither: \(error)")
  ///     throw error
  ///   }
  /// ```
  @inlinable @discardableResult
  public func addErrback(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (any Error) throws -> Value
  ) -> Deferred<Value> {
    onOutcome(.onFailure, function, file, line) { try step($0.error) }
  }

  /// Adds a step that runs on a failure, and handles it: the Deferred that it returns fires with the value from here on.
  ///
  /// Generic only so that a step that does nothing but throw is not ambiguous.
  @inlinable @discardableResult
  public func addErrback<Inner: Deferred<Value>>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (any Error) throws -> Inner
  ) -> Deferred<Value> {
    following(.onFailure, function, file, line) { try step($0.error) }
  }

  /// Adds a step that runs on the value as well as on a failure, which it handles.
  ///
  /// ```swift
  /// reactor.inThread { 42 }.addBoth { result in
  ///   switch result {
  ///   case .success(let value): print(value)
  ///   case .failure(let error): print(error)
  ///   }
  /// }
  /// ```
  @inlinable @discardableResult
  public func addBoth<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Result<Value, any Error>) throws -> New
  ) -> Deferred<New> {
    onOutcome(.onBoth, function, file, line, step)
  }

  /// Adds a step that runs on the value as well as on a failure, which it handles; what the Deferred that it returns
  /// fires with is what comes out.
  @inlinable @discardableResult
  public func addBoth<New>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ step: @escaping (Result<Value, any Error>) throws -> Deferred<New>
  ) -> Deferred<New> {
    following(.onBoth, function, file, line, step)
  }

  // The closures below take the place of the program's own, one each: they are all that is compiled anew for each type.

  @inlinable
  func onValue<New>(
    _ function: StaticString, _ file: StaticString, _ line: UInt, _ step: @escaping (Value) throws -> New
  ) -> Deferred<New> {
    let derived = Deferred<New>(after: self, .onValue, function, file, line) { source, target in
      let source = unsafeDowncast(source, to: Deferred<Value>.self)
      unsafeDowncast(target, to: Deferred<New>.self).give(try step(source.stored.unsafelyUnwrapped))
      return nil
    }
    add(derived)
    return derived
  }

  @inlinable
  func onOutcome<New>(
    _ condition: Flags, _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ step: @escaping (Result<Value, any Error>) throws -> New
  ) -> Deferred<New> {
    let derived = Deferred<New>(after: self, condition, function, file, line) { source, target in
      let source = unsafeDowncast(source, to: Deferred<Value>.self)
      unsafeDowncast(target, to: Deferred<New>.self).give(try step(source.outcome))
      return nil
    }
    add(derived)
    return derived
  }

  @inlinable
  func following<New>(
    _ condition: Flags, _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ step: @escaping (Result<Value, any Error>) throws -> Deferred<New>
  ) -> Deferred<New> {
    let derived = Deferred<New>(after: self, condition, function, file, line) { source, _ in
      try step(unsafeDowncast(source, to: Deferred<Value>.self).outcome)
    }
    add(derived)
    return derived
  }
}

extension Result {
  /// Why it failed; only of a failure.
  @inlinable
  var error: Failure {
    if case .failure(let error) = self { return error }
    fatalError("no failure: \(self)")
  }
}
