import CLinux
import Trace

/// The traced side's pen: writes what happens on one loop into the loop's ring.
///
/// A struct of one pointer. Every method is a no-op while recording is off. All methods belong to the loop's own thread;
/// other threads stamp moments with its `clock`.
///
/// The hot path is a counter read and a fixed-size store into shared memory, published by one release store: no lock, no
/// allocation, no system call, no reference counting. The state stands in a page that the kernel wipes for a forked
/// child, so a child is off until `pollReturned` opens a ring of its own.
public struct Recorder: @unchecked Sendable {
  @usableFromInline let state: UnsafeMutablePointer<RecorderState>

  init(state: UnsafeMutablePointer<RecorderState>) { self.state = state }

  /// A recorder that never records.
  public static let off = Recorder(state: RecorderState.makePages())

  /// Whether events are being written.
  @inlinable public var isOn: Bool { state.pointee.events != nil }

  /// The chain of the running span; none outside of one.
  @inlinable public var chain: RingChain { RingChain(raw: isOn ? state.pointee.chain : 0) }

  /// The counter's reading; zero while recording is off.
  @inlinable public func moment() -> RingMoment { RingMoment(raw: isOn ? state.pointee.readCounter() : 0) }

  /// What other threads stamp moments with.
  public var clock: RingClock {
    RingClock(
      isOn: isOn, usesProcessorCounter: state.pointee.usesProcessorCounter, manualClock: state.pointee.manualClock)
  }

  // MARK: Spans

  /// A callback begins where the last one ended, or where the poll returned: it shares that reading of the counter.
  ///
  /// Without a chain of its own it belongs to that of the enclosing span. A timer gives the moment at which it was due.
  @inlinable public func began(
    _ site: RingSite, _ kind: CallbackKind, _ trigger: Trigger, operation: RingOperation = .none,
    chain: RingChain = .none, due: Instant? = nil
  ) {
    guard isOn else { return }
    state.pointee.began(state.pointee.lastStamp, site, kind, trigger, operation, chain, due)
  }

  /// A callback begins now, inside another: reads the counter.
  @inlinable public func beganNow(
    _ site: RingSite, _ kind: CallbackKind, _ trigger: Trigger, operation: RingOperation = .none,
    chain: RingChain = .none, due: Instant? = nil
  ) {
    guard isOn else { return }
    state.pointee.began(state.pointee.readCounter(), site, kind, trigger, operation, chain, due)
  }

  /// As `began`, and a new chain starts here: an accept, a delivery of a standing operation.
  @inlinable public func beganChain(
    _ site: RingSite, _ kind: CallbackKind, _ trigger: Trigger, operation: RingOperation = .none, due: Instant? = nil
  ) {
    guard isOn else { return }
    state.pointee.beganChain(state.pointee.lastStamp, site, kind, trigger, operation, due)
  }

  /// The innermost span ends; what encloses it goes on in its own chain.
  @inlinable @inline(__always) public func ended(threw: Bool = false) {
    guard isOn else { return }
    state.pointee.ended(threw: threw)
  }

  // MARK: The ready queue

  /// The running span puts a callback into the ready queue; its begin refers to it by what is returned.
  @inlinable public func queued(_ site: RingSite, _ kind: CallbackKind, _ trigger: Trigger) -> RingOperation {
    guard isOn else { return .none }
    let counter = state.pointee.readCounter()
    let position = state.pointee.head
    state.pointee.store(
      SlotWord(.queued, flags: kind.rawValue | trigger.rawValue << 5, counter: counter),
      state.pointee.chain << 16 | UInt64(site.number))
    state.pointee.publish(position &+ 1)
    return RingOperation(raw: position)
  }

  /// A callback stands in the ready queue since `moment`, and the loop knows it now.
  ///
  /// - Parameters:
  ///   - operation: whose result it is; none for a plain call from another thread.
  ///   - moment: stamped by the thread that queued it.
  /// - Returns: what the begin refers to.
  @inlinable public func queued(
    _ operation: RingOperation, _ site: RingSite, _ kind: CallbackKind, _ trigger: Trigger, chain: RingChain,
    at moment: RingMoment
  ) -> RingOperation {
    guard isOn else { return .none }
    let position = state.pointee.head
    let flags = kind.rawValue | trigger.rawValue << 5
    let second = chain.raw << 16 | UInt64(site.number)
    guard operation.raw != 0 else {
      state.pointee.store(SlotWord(.queued, flags: flags, counter: moment.raw), second)
      state.pointee.publish(position &+ 1)
      return RingOperation(raw: position)
    }
    state.pointee.store(SlotWord(.queuedOperation, flags: flags, counter: moment.raw), second)
    state.pointee.storeMore(at: 1, 0, operation.position)
    state.pointee.publishLong(position &+ 2)
    return operation
  }

  // MARK: Operations

  /// Something is pending from here on; it belongs to the running span's chain.
  @inlinable public func created(
    _ kind: OperationKind, _ site: RingSite, standing: Bool = false, due: Instant? = nil, descriptor: Int32? = nil
  ) -> RingOperation {
    guard isOn else { return .none }
    return state.pointee.created(kind, site, standing: standing, due: due, descriptor: descriptor)
  }

  /// The operation ends; `message` says why it failed, cut to 240 bytes.
  @inlinable public func settled(_ operation: RingOperation, _ outcome: Outcome, message: String? = nil) {
    guard isOn, operation.raw != 0 else { return }
    guard let message else { return state.pointee.settled(operation, outcome) }
    settled(operation, outcome, text: message)
  }

  /// The operation can only settle when the other does.
  @inlinable public func awaits(_ operation: RingOperation, on other: RingOperation) {
    guard isOn, operation.raw != 0, other.raw != 0 else { return }
    let position = state.pointee.head
    state.pointee.store(SlotWord(.awaits, counter: state.pointee.readCounter()), operation.position)
    state.pointee.storeMore(at: 1, 0, other.position)
    state.pointee.publishLong(position &+ 2)
  }

  // MARK: The loop

  /// The loop goes to wait in the kernel; `nil` waits without limit. Straight after a callback it does so where that ended, and
  /// shares the reading.
  ///
  /// After a slow tick this also writes the thread's usage: what it was busy with, computing or waiting, is then known.
  @inlinable public func pollEntered(timeout: Nanoseconds?, afterCallback: Bool = false) {
    guard isOn else { return }
    let counter = afterCallback ? state.pointee.lastStamp : state.pointee.readCounter()
    if counter &- state.pointee.lastUsage >= 5 &* state.pointee.usageInterval { writeUsage(counter) }
    let count = timeout.map { UInt64(min(max($0.count, 0), 0xFFFF_FFFF_FFFE)) } ?? 0xFFFF_FFFF_FFFF
    state.pointee.store(SlotWord(.pollEntered, counter: counter), (counter >> 48) << 48 | count)
    state.pointee.publish(state.pointee.head &+ 1)
  }

  /// The kernel returned; every so often this also writes an anchor (10 a second) and the thread's usage (100 a second).
  @inlinable public func pollReturned(ready: Int) {
    guard isOn else { return reopenAfterFork() }
    let counter = state.pointee.readCounter()
    state.pointee.lastStamp = counter
    state.pointee.store(
      SlotWord(.pollReturned, counter: counter), (counter >> 48) << 48 | UInt64(UInt32(clamping: ready)))
    state.pointee.publish(state.pointee.head &+ 1)
    if counter &- state.pointee.lastUsage >= state.pointee.usageInterval { writeUsage(counter) }
  }

  /// Callbacks now in the ready queue, for whoever looks at the live table.
  @inlinable public func readyQueue(_ depth: Int) {
    guard isOn else { return }
    state.pointee.live(RingLayout.Live.readyQueue).pointee = UInt64(truncatingIfNeeded: depth)
  }

  /// The pool's depth changed with the event ahead, whose moment is this one's: the counter is not read.
  @inlinable public func pool(queued: Int, running: Int) {
    guard isOn else { return }
    let word = UInt64(UInt32(clamping: queued)) | UInt64(UInt32(clamping: running)) << 32
    state.pointee.live(RingLayout.Live.pool).pointee = word
    state.pointee.store(SlotWord(.pool, counter: 0), word)
    state.pointee.publish(state.pointee.head &+ 1)
  }

  /// A pool thread took the call up at `moment`.
  @inlinable public func poolBegan(_ operation: RingOperation, at moment: RingMoment) {
    guard isOn, operation.raw != 0 else { return }
    state.pointee.store(SlotWord(.poolBegan, counter: moment.raw), operation.position)
    state.pointee.publish(state.pointee.head &+ 1)
  }

  /// A pool thread finished the call at `moment`.
  @inlinable public func poolEnded(_ operation: RingOperation, at moment: RingMoment) {
    guard isOn, operation.raw != 0 else { return }
    state.pointee.store(SlotWord(.poolEnded, counter: moment.raw), operation.position)
    state.pointee.publish(state.pointee.head &+ 1)
  }
}
