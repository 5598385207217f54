import CLinux
import Glibc
import Trace

/// What a recorder knows of its ring: in a page of its own, all zero (off) in a forked child.
@usableFromInline struct RecorderState {
  // What a span's begin and end use, in one line of the cache.
  /// The event ring; `nil` while recording is off.
  @usableFromInline var events: UnsafeMutableRawPointer?
  /// Bytes of the event ring less one.
  @usableFromInline var mask: Int
  /// The ring's file as mapped.
  @usableFromInline var base: UnsafeMutableRawPointer
  /// The reading at the last poll's return or span's end.
  @usableFromInline var lastStamp: UInt64
  /// The chain of the running span.
  @usableFromInline var chain: UInt64
  @usableFromInline var usesProcessorCounter: Bool
  @usableFromInline var lastUsage: UInt64
  @usableFromInline var usageInterval: UInt64

  /// The chains of the spans that enclose the running one, the outermost first: as many as the ring's stack holds.
  @usableFromInline var chains: UnsafeMutablePointer<UInt64>
  /// The cell of a clock that moves only when told.
  @usableFromInline var manualClock: UnsafePointer<Int64>?
  /// The table of open operations.
  @usableFromInline var operations: UnsafeMutableRawPointer
  /// Unused places of that table, the next one last.
  @usableFromInline var freeOperations: UnsafeMutablePointer<UInt16>
  @usableFromInline var freeOperationCount: Int
  /// Of each place in that table the label of its chain (plus one), 0 where it has none.
  @usableFromInline var operationLabels: UnsafeMutablePointer<UInt16>
  /// The table of labels, its free places, and what only the slow paths need.
  var labels: UnsafeMutableRawPointer
  var freeLabels: UnsafeMutablePointer<UInt16>
  var freeLabelCount: Int
  /// What the recorder keeps in ordinary memory; owned by the ring.
  var ring: Unmanaged<Ring>?

  /// Open spans that the ring's stack holds.
  @usableFromInline static let stackSize = 64

  /// Memory for the state, wiped in forked children, and behind it some that is not: it holds the `RecorderControl`.
  static func makePages() -> UnsafeMutablePointer<RecorderState> {
    let pages = mmap(nil, 2 * controlOffset, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(pages != MAP_FAILED, "no memory for a recorder's state")
    precondition(
      ll_madvise_wipe_on_fork(pages, controlOffset) == 0,
      "a recorder needs MADV_WIPEONFORK, which Linux has since 4.14")
    return pages.assumingMemoryBound(to: RecorderState.self)
  }

  /// A constant, because a recorder that is off looks there at every poll: the largest page that Linux has here.
  static var controlOffset: Int { 64 << 10 }
  static let pageSize = sysconf(Int32(_SC_PAGESIZE))

  @inlinable @inline(__always)
  func readCounter() -> UInt64 {
    usesProcessorCounter ? ll_counter() : RecorderState.readClock(manualClock)
  }

  // Static: a call to a method would copy the whole state, on the fast path too.
  @usableFromInline @inline(never)
  static func readClock(_ manual: UnsafePointer<Int64>?) -> UInt64 {
    UInt64(bitPattern: manual?.pointee ?? ll_monotonic())
  }

  @inlinable @inline(__always)
  func live(_ offset: Int) -> UnsafeMutablePointer<UInt64> {
    (base + offset).assumingMemoryBound(to: UInt64.self)
  }

  @inlinable @inline(__always)
  var head: UInt64 { live(RingLayout.Live.head).pointee }

  /// Writes the first slot of the next event.
  @inlinable @inline(__always)
  func store(_ first: SlotWord, _ second: UInt64) {
    let slot = events.unsafelyUnwrapped + (Int(truncatingIfNeeded: head) &* RingLayout.slotSize) & mask
    slot.storeBytes(of: first.raw, as: UInt64.self)
    slot.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
  }

  /// Writes a continuation, `index` slots behind the event's first.
  @inlinable @inline(__always)
  func storeMore(at index: UInt64, _ first: UInt64, _ second: UInt64) {
    let slot = events.unsafelyUnwrapped + (Int(truncatingIfNeeded: head &+ index) &* RingLayout.slotSize) & mask
    slot.storeBytes(of: UInt64(SlotKind.more.rawValue) | first << 8, as: UInt64.self)
    slot.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
  }

  /// Has the ring's memory fetched that comes after the next few lines: where callbacks make system calls, the processor sees no
  /// stream in what is written here, and each new line is waited for.
  @inlinable @inline(__always)
  func prefetch() {
    ll_prefetch_to_write(
      events.unsafelyUnwrapped + (Int(truncatingIfNeeded: head &+ 16) &* RingLayout.slotSize) & mask)
  }

  /// Everything before `position` may be read.
  @inlinable @inline(__always)
  func publish(_ position: UInt64) {
    ll_store_release(live(RingLayout.Live.head), position)
  }

  /// As `publish`, for an event of several slots.
  @inlinable @inline(__always)
  func publishLong(_ position: UInt64) {
    let word = live(RingLayout.Live.continuations)
    word.pointee = RingContinuations(raw: word.pointee).adding(position &- head &- 1, upTo: position).raw
    publish(position)
  }

  // MARK: Spans
  // An event is published first, and then the tables are changed: they lag behind the events by at most the last one,
  // and a reader makes up for that.

  @inlinable @inline(__always)
  mutating func began(
    _ counter: UInt64, _ site: RingSite, _ kind: CallbackKind, _ trigger: Trigger, _ operation: RingOperation,
    _ chain: RingChain, _ due: Instant?
  ) {
    let position = head
    let second = operation.raw << 16 | UInt64(site.number)
    let flags = kind.rawValue | trigger.rawValue << 5
    let first: SlotWord
    if let due {
      first = SlotWord(.beganDue, flags: flags, counter: counter)
      store(first, second)
      storeMore(at: 1, 0, UInt64(bitPattern: due.nanoseconds))
      publishLong(position &+ 2)
    } else {
      first = SlotWord(.began, flags: flags, counter: counter)
      store(first, second)
      publish(position &+ 1)
    }
    push(first, second, position, counter, chain.raw == 0 ? self.chain : chain.raw)
  }

  @inlinable @inline(__always)
  mutating func beganChain(
    _ counter: UInt64, _ site: RingSite, _ kind: CallbackKind, _ trigger: Trigger, _ operation: RingOperation,
    _ due: Instant?
  ) {
    let position = head
    let second = operation.raw << 16 | UInt64(site.number)
    let first = SlotWord(.beganChain, flags: kind.rawValue | trigger.rawValue << 5, counter: counter)
    store(first, second)
    if let due {
      storeMore(at: 1, 0, UInt64(bitPattern: due.nanoseconds))
      publishLong(position &+ 2)
    } else {
      publish(position &+ 1)
    }
    push(first, second, position, counter, position)
  }

  @inlinable @inline(__always)
  mutating func push(
    _ first: SlotWord, _ second: UInt64, _ position: UInt64, _ counter: UInt64, _ chain: UInt64
  ) {
    let depth = live(RingLayout.Live.depth)
    let index = Int(truncatingIfNeeded: depth.pointee)
    if UInt(bitPattern: index) < UInt(RecorderState.stackSize) {
      let entry = base + RingLayout.Header.size + index &* RingLayout.stackEntrySize
      entry.storeBytes(of: first.raw, as: UInt64.self)
      entry.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
      entry.storeBytes(of: position, toByteOffset: 16, as: UInt64.self)
      entry.storeBytes(of: counter, toByteOffset: 24, as: UInt64.self)
    }
    // Outside of all others there is no chain to come back to.
    if UInt(bitPattern: index &- 1) < UInt(RecorderState.stackSize) { chains[index &- 1] = self.chain }
    ll_store_release(depth, depth.pointee &+ 1)
    self.chain = chain
  }

  @inlinable @inline(__always)
  mutating func ended(threw: Bool) {
    let counter = readCounter()
    let depth = live(RingLayout.Live.depth)
    guard depth.pointee > 0 else { return }
    let index = Int(truncatingIfNeeded: depth.pointee &- 1)
    let ending = chain
    var began: UInt64 = 0
    if UInt(bitPattern: index) < UInt(RecorderState.stackSize) {
      let entry = base + RingLayout.Header.size + index &* RingLayout.stackEntrySize
      began = entry.load(fromByteOffset: 16, as: UInt64.self)
    }
    if index <= RecorderState.stackSize { chain = index > 0 ? chains[index &- 1] : 0 }
    store(SlotWord(.ended, flags: threw ? 1 : 0, counter: counter), began)
    lastStamp = counter
    publish(head &+ 1)
    depth.pointee = UInt64(truncatingIfNeeded: index)
    prefetch()
    if ending >> 48 != 0, ending != chain { leaveNamedChain(ending) }
  }

  // MARK: Operations

  @inlinable @inline(__always)
  mutating func created(
    _ kind: OperationKind, _ site: RingSite, standing: Bool, due: Instant?, descriptor: Int32?
  ) -> RingOperation {
    let counter = readCounter()
    let position = head
    var flags = kind.rawValue
    if standing { flags |= CreatedFlags.standing }
    let second = chain << 16 | UInt64(site.number)
    var detail: UInt64 = 0
    var isLong = false
    if due != nil || descriptor != nil {
      if let due {
        flags |= CreatedFlags.due
        detail = UInt64(bitPattern: due.nanoseconds)
      }
      var extra: UInt64 = 0
      if let descriptor {
        flags |= CreatedFlags.descriptor
        extra = UInt64(UInt32(bitPattern: descriptor)) << 24
        if due == nil { detail = UInt64(UInt32(bitPattern: descriptor)) }
      }
      storeMore(at: 1, extra, detail)
      isLong = true
    }
    store(SlotWord(.created, flags: flags, counter: counter), second)
    if isLong { publishLong(position &+ 2) } else { publish(position &+ 1) }
    let place = enter(counter, flags, second, position, detail, counted: !standing)
    return RingOperation(raw: position | place << 48)
  }

  /// Takes a place in the table of open operations; returns it plus one, or 0 where the table is full.
  @inlinable @inline(__always)
  mutating func enter(
    _ counter: UInt64, _ flags: UInt8, _ second: UInt64, _ position: UInt64, _ detail: UInt64, counted: Bool
  ) -> UInt64 {
    guard freeOperationCount > 0 else {
      live(RingLayout.Live.unlisted).pointee &+= 1
      return 0
    }
    freeOperationCount &-= 1
    let place = Int(freeOperations[freeOperationCount])
    if place >= Int(truncatingIfNeeded: live(RingLayout.Live.operationsUsed).pointee) {
      ll_store_release(live(RingLayout.Live.operationsUsed), UInt64(place &+ 1))
    }
    let entry = operations + place &* RingLayout.operationSize
    entry.storeBytes(of: counter, as: UInt64.self)
    entry.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
    entry.storeBytes(of: detail, toByteOffset: 24, as: UInt64.self)
    ll_store_release((entry + 16).assumingMemoryBound(to: UInt64.self), position | UInt64(flags) << 48)
    // The label's place is kept, so that settling finds the chain's count without asking for the chain.
    operationLabels[place] = counted && chain >> 48 != 0 ? countOperation(of: chain) : 0
    return UInt64(place &+ 1)
  }

  @inlinable @inline(__always)
  mutating func settled(_ operation: RingOperation, _ outcome: Outcome) {
    store(SlotWord(.settled, flags: outcome.rawValue, counter: readCounter()), operation.position)
    publish(head &+ 1)
    leave(operation)
  }

  /// Gives the operation's place in the table back.
  @inlinable @inline(__always)
  mutating func leave(_ operation: RingOperation) {
    let place = Int(truncatingIfNeeded: operation.raw >> 48) &- 1
    guard place >= 0 else {
      live(RingLayout.Live.unlisted).pointee &-= 1
      return
    }
    let word = (operations + place &* RingLayout.operationSize + 16).assumingMemoryBound(to: UInt64.self)
    let label = UInt64(operationLabels[place])
    // Settled twice is the program's mistake, but it must not give one place to two operations.
    guard word.pointee & 0xFFFF_FFFF_FFFF == operation.position else { return }
    ll_store_release(word, 0)
    freeOperations[freeOperationCount] = UInt16(truncatingIfNeeded: place)
    freeOperationCount &+= 1
    if label != 0 { uncountOperation(of: label) }
  }
}
