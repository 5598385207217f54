import Recorder

// Several Deferreds as one. It waits for its parts in the trace, too, and cancelling it cancels them.
extension Reactor {
  /// Fires with the values of all, in their order, once the last is there; at once where there are none.
  ///
  /// The first failure is its failure, and cancels the others, whose failures count as handled.
  ///
  /// ```swift
  /// let pages = ["/", "/users"].map { path in reactor.inThread { "page \(path)" } }
  /// reactor.gather(pages).addCallback { print($0) }
  /// ```
  public func gather<Value>(
    _ parts: [Deferred<Value>], function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<[Value]> {
    let whole = Whole(deferred(of: [Value].self, function: function, file: file, line: line), parts)
    var values = [Value?](repeating: nil, count: parts.count)
    for (index, part) in parts.enumerated() {
      whole.gather(part) {
        values[index] = $0
      } all: {
        values.map { $0.unsafelyUnwrapped }
      }
    }
    if parts.isEmpty { whole.deferred.callback([]) }
    return whole.deferred
  }

  /// As `gather(_:)` for an array, for parts of different types.
  ///
  /// ```swift
  /// let name = reactor.inThread { "world" }
  /// let count = reactor.inThread { 3 }
  /// reactor.gather(name, count).addCallback { name, count in print(name, count) }
  /// ```
  public func gather<each Value>(
    _ parts: repeat Deferred<each Value>, function: StaticString = #function, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<(repeat each Value)> {
    var all: [AnyDeferred] = []
    repeat all.append(each parts)
    let whole = Whole(deferred(of: (repeat each Value).self, function: function, file: file, line: line), all)
    let slots = (repeat Slot<each Value>())
    let values = { (repeat (each slots).value.unsafelyUnwrapped) }
    repeat whole.gather(each parts, (each slots).put, all: values)
    return whole.deferred
  }

  /// Fires with every outcome, value or failure, in their order, once the last is there. Failures count as handled.
  ///
  /// ```swift
  /// reactor.gatherResults([reactor.inThread { 1 }, reactor.inThread { 2 }])
  ///   .addCallback { results in print(results) }
  /// ```
  public func gatherResults<Value>(
    _ parts: [Deferred<Value>], function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<[Result<Value, any Error>]> {
    let whole = Whole(
      deferred(of: [Result<Value, any Error>].self, function: function, file: file, line: line), parts)
    var results = [Result<Value, any Error>?](repeating: nil, count: parts.count)
    for (index, part) in parts.enumerated() {
      whole.watch(part) { part in
        results[index] = part.outcome
        whole.left -= 1
        if whole.left == 0 { whole.deferred.callback(results.map { $0.unsafelyUnwrapped }) }
      }
    }
    if parts.isEmpty { whole.deferred.callback([]) }
    return whole.deferred
  }

  /// Takes the outcome, value or failure, of the one that settles first, and cancels the others, whose outcomes are dropped.
  ///
  /// At least one; of several that have settled, the first in their order.
  ///
  /// ```swift
  /// let mirrors: [UInt16] = [8080, 8081]
  /// reactor.race(mirrors.map { reactor.connect(host: "127.0.0.1", port: $0) })
  ///   .addCallback { connection in connection.write("hello") }
  /// ```
  public func race<Value>(
    _ runners: [Deferred<Value>], function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Value> {
    if runners.isEmpty { misuse("a race of nobody would never be won") }
    let winner = Whole(deferred(of: Value.self, function: function, file: file, line: line), runners)
    for runner in runners {
      winner.watch(runner) { runner in
        guard winner.deferred.isPending else { return }
        winner.deferred.fire(runner.outcome)
        winner.parts.cancel(except: runner)
      }
    }
    return winner.deferred
  }
}

/// What several Deferreds become together. The parts keep it alive, by their steps, and it none of them.
private struct Whole<Value> {
  let deferred: Deferred<Value>
  let parts: Parts
  var left: Int {
    get { parts.left }
    nonmutating set { parts.left = newValue }
  }

  init(_ deferred: Deferred<Value>, _ parts: [AnyDeferred]) {
    self.deferred = deferred
    let parts = Parts(parts)
    self.parts = parts
    deferred.onCancel = { _ in parts.cancel() }
  }

  /// Calls `settled` when the part has settled.
  func watch<Part>(_ part: Deferred<Part>, _ settled: @escaping (Deferred<Part>) -> Void) {
    if part.reactor !== deferred.reactor { misuse("Deferreds of different reactors cannot be put together") }
    if part.isPending { deferred.reactor.recorder.awaits(deferred.operation, on: part.unsettledOperation) }
    part.whenSettled { settled(unsafeDowncast($0, to: Deferred<Part>.self)) }
  }

  /// Has `put` called with the part's value, and fires with `all` after the last; fails with the first failure.
  func gather<Part>(_ part: Deferred<Part>, _ put: @escaping (Part) -> Void, all: @escaping () -> Value) {
    watch(part) { part in
      guard deferred.isPending else { return }
      switch part.outcome {
      case .success(let value):
        put(value)
        left -= 1
        if left == 0 { deferred.callback(all()) }
      case .failure(let error):
        deferred.errback(error)
        parts.cancel(except: part)
      }
    }
  }
}

/// Deferreds that are to be cancelled together.
private final class Parts {
  private struct Member {
    weak var deferred: AnyDeferred?
  }

  private let members: [Member]
  /// How many have not settled.
  var left: Int

  init(_ parts: [AnyDeferred]) {
    members = parts.map { Member(deferred: $0) }
    left = parts.count
  }

  func cancel(except settled: AnyDeferred? = nil) {
    for member in members where member.deferred !== settled { member.deferred?.cancel() }
  }
}

/// A place for a value that comes later.
private final class Slot<Value> {
  private(set) var value: Value?
  func put(_ value: Value) { self.value = value }
}

extension AnyDeferred {
  /// Adds a step of the reactor's own, which handles a failure and is not in the trace.
  func whenSettled(_ body: @escaping (AnyDeferred) -> Void) {
    add(
      AnyDeferred(after: self, [.onBoth, .isSilent], "", "", 0) { source, _ in
        body(source)
        return nil
      })
  }
}
