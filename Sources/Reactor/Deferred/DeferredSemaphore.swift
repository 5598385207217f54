import DequeModule

/// So many may, the others wait: a fixed number of tokens, given out in the order of asking.
///
/// ```swift
/// let atMostTwo = DeferredSemaphore(on: reactor, tokens: 2)
/// for number in 1...10 {
///   atMostTwo.run { reactor.inThread { number * number } }.addCallback { print($0) }
/// }
/// ```
public final class DeferredSemaphore {
  private let reactor: Reactor
  /// Tokens in all, given out or not.
  public let tokens: Int
  /// Tokens that nobody has.
  public private(set) var available: Int
  private var waiting = Deque<Deferred<Void>>()
  /// What runs with a token, as far as it is known: what those who wait are waiting for.
  private var running: [AnyDeferred] = []

  /// All `tokens`, at least one, are there.
  public init(on reactor: Reactor, tokens: Int) {
    if tokens < 1 { misuse("a semaphore of \(tokens) tokens") }
    self.reactor = reactor
    self.tokens = tokens
    available = tokens
  }

  /// How many wait for a token.
  public var waiters: Int { waiting.count }

  /// Fires when a token is the caller's, who has to `release()` it. Cancelling gives up the place in the queue.
  ///
  /// ```swift
  /// let one = DeferredSemaphore(on: reactor, tokens: 1)
  /// reactor.task {
  ///   try await one.acquire().value
  ///   defer { one.release() }
  ///   try await reactor.sleep(for: .seconds(1))
  /// }
  /// ```
  public func acquire(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    let token = reactor.deferred(of: Void.self, function: function, file: file, line: line) { [weak self] token in
      self?.waiting.removeAll { $0 === token }
    }
    if available > 0 {
      available -= 1
      token.callback()
    } else {
      waiting.append(token)
      if let first = running.first { reactor.recorder.awaits(token.operation, on: first.unsettledOperation) }
    }
    return token
  }

  /// Gives a token back: the first who waits has it at once.
  public func release() {
    reactor.checkThread("DeferredSemaphore.release")
    if let next = waiting.popFirst() { return next.callback() }
    if available == tokens { misuse("a semaphore of \(tokens) tokens was given one more") }
    available += 1
  }

  /// Runs `work` with a token, which is given back when what it returns has settled, or when it throws.
  ///
  /// Cancelling gives up the place in the queue, or cancels what runs.
  public func run<Value>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping () throws -> Deferred<Value>
  ) -> Deferred<Value> {
    acquire(function: function, file: file, line: line)
      .addCallback(function: function, file: file, line: line) { [self] () throws -> Deferred<Value> in
        do {
          let running = try work()
          self.running.append(running)
          running.whenSettled { [self] running in
            self.running.removeAll { $0 === running }
            release()
          }
          return running
        } catch {
          release()
          throw error
        }
      }
  }
}
