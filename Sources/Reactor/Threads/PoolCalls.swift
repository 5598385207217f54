import Recorder
import Trace

/// What a pool thread tells the loop when it has finished a call.
struct PoolResult: Sendable {
  let pool: ThreadPool
  let id: UInt64
  let began: RingMoment
}

/// The loop's side of a thread pool: who waits for which call. The Deferreds stay here; threads only see ids.
final class PoolCalls {
  struct Pending {
    let registration: Registration
    /// Fires the Deferred with the result; `nil` once that was cancelled.
    var finish: (() -> Void)?
    /// Tells the Deferred that the reactor ended.
    let abandon: () -> Void
  }

  let threads: ThreadPool
  /// How many calls may wait for a thread.
  private let limit: Int
  private var pending: [UInt64: Pending] = [:]
  /// Those of whose end a recording knows, until they are delivered in the same tick.
  private var finished: [UInt64: Pending] = [:]
  private var lastID: UInt64 = 0

  init(_ threads: ThreadPool, limit: Int) {
    self.threads = threads
    self.limit = limit
  }

  /// Calls that a thread is at, as far as the loop knows: the pool is never idle while calls wait.
  var running: Int { min(pending.count, threads.size) }
  /// Calls that wait for a thread.
  var queued: Int { pending.count - running }

  /// Hands `work` to the pool; its result is posted to the loop.
  func submit(_ call: Pending, _ work: @escaping @Sendable () -> Void) throws(ReactorError) -> UInt64 {
    if pending.count >= threads.size + limit { throw .poolFull(queued) }
    lastID += 1
    try threads.submit(ThreadPool.Job(id: lastID, run: work))
    pending[lastID] = call
    return lastID
  }

  /// Takes a call back from the queue, or sees to it that its result is thrown away; `false` where it is over.
  func cancel(_ id: UInt64) -> Bool {
    guard pending[id] != nil else { return false }
    pending[id]?.finish = nil
    if threads.withdraw(id) { pending[id] = nil }
    return true
  }

  /// A call is over, and will be delivered where it was not cancelled; `nil` where it was taken back.
  func finish(_ id: UInt64) -> Pending? {
    guard let call = pending.removeValue(forKey: id) else { return nil }
    if call.finish != nil { finished[id] = call }
    return call
  }

  /// Takes a call out that is to be delivered.
  func remove(_ id: UInt64) -> (registration: Registration, finish: (() -> Void)?)? {
    (finished.removeValue(forKey: id) ?? pending.removeValue(forKey: id)).map { ($0.registration, $0.finish) }
  }

  func end() {
    threads.close()
    let calls = [pending, finished]
    (pending, finished) = ([:], [:])
    for call in calls.joined() { call.value.abandon() }
  }
}

extension Reactor {
  /// Runs `work` on a thread of the pool, and fires the returned Deferred with what it returns or throws.
  ///
  /// Cancelling takes it back while it waits for a thread; once it runs it runs to its end, and its result is dropped.
  /// Fails with `ReactorError.poolFull` where as many calls wait for a thread as the reactor allows.
  ///
  /// ```swift
  /// reactor.inThread { (1...1_000_000).reduce(0, +) }.addCallback { print($0) }
  /// ```
  public func inThread<Value: Sendable>(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    call(pool, CallSite(function, file, line), recorder.site(function, file, line), work)
  }

  func call<Value: Sendable>(
    _ calls: PoolCalls, _ callSite: CallSite, _ site: RingSite, _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    let deferred = Deferred<Value>(self, .thread, callSite, site, descriptor: nil)
    let registration = Registration(callSite, site, recorder.chain, deferred.operation)
    let handover = Handover<Value>()
    let call = PoolCalls.Pending(
      registration: registration, finish: { deferred.fire(handover.take()) }, abandon: { deferred.abandon() })
    do throws(ReactorError) {
      if hasEnded { throw .ended }
      let id = try calls.submit(call) { handover.put(Result(catching: work)) }
      deferred.onCancel = { $0.reactor.cancel(id, of: calls) }
      recordDepth(calls)
    } catch {
      deferred.errback(error)
    }
    return deferred
  }

  private func cancel(_ id: UInt64, of calls: PoolCalls) {
    if calls.cancel(id) { recordDepth(calls) }
  }

  /// The depth of the program's pool; the resolver is our own affair.
  private func recordDepth(_ calls: PoolCalls) {
    if calls === pool { recorder.pool(queued: calls.queued, running: calls.running) }
  }

  private func calls(of result: PoolResult) -> PoolCalls { result.pool === pool.threads ? pool : resolver }

  /// A pool thread finished a call at `end`, and its result is to be delivered.
  func enter(_ result: PoolResult, at end: RingMoment) -> QueuedEntry {
    let calls = calls(of: result)
    // Once the reactor is ending it is abandoned with those that have not finished.
    guard !tasks.isEnding, let call = calls.finish(result.id) else { return .none }
    let registration = call.registration
    recorder.poolBegan(registration.operation, at: result.began)
    recorder.poolEnded(registration.operation, at: end)
    recordDepth(calls)
    if call.finish == nil { return .none }
    let operation = recorder.queued(
      registration.operation, registration.site, .thread, .thread, chain: registration.chain, at: end)
    return QueuedEntry(site: registration.site, operation: operation)
  }

  /// Fires the Deferred of a call that a pool thread has finished.
  @inline(never)
  func deliver(_ result: PoolResult) {
    guard var call = calls(of: result).remove(result.id), call.finish != nil else { return }
    let registration = call.registration
    recorder.began(
      registration.site, .thread, .thread, operation: registration.operation, chain: registration.chain)
    run(registration) { call.finish.take()?() }
  }
}

/// Where a pool thread leaves a result for the loop.
private final class Handover<Value: Sendable>: Sendable {
  private let result = Monitor<Result<Value, any Error>?>(nil)

  func put(_ result: Result<Value, any Error>) {
    self.result.withLock { $0 = result }
  }

  /// After the pool posted that it put it.
  func take() -> Result<Value, any Error> {
    result.withLock { $0.take()! }
  }
}
