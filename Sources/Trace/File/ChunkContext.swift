/// What writer and reader of a chunk both know at an event from the events ahead of it: what the rest is foretold from.
///
/// Empty at a chunk's begin, so that every chunk can be read alone.
struct ChunkContext {
  /// An operation or a queue's entry, and what a callback of it is likely to say.
  struct Known {
    var id: UInt64
    var chain: UInt64 = 0
    /// When due or queued; `never` where that is not known.
    var ready: Int64 = never
  }

  /// A span that has begun and not ended; zeros where there is none.
  struct Open {
    var id: UInt64
    var operation: UInt64
    var chain: UInt64
  }

  /// Stands for a moment that is not known.
  static let never = Int64.min

  /// The time of the event ahead.
  var time: Int64
  /// What is added to an event's index to foretell the id of what begins with it.
  var base: UInt64
  /// The innermost open span.
  private(set) var top = Open(id: 0, operation: 0, chain: 0)
  /// The open spans around it, as many as `depth`; behind them stand some that were.
  private var outer: [Open] = []
  private var depth = 0
  /// The operation of the span that ended last.
  private(set) var lastEnded: UInt64 = 0
  /// Operations in the order in which the chunk first mentions them.
  private(set) var known: [Known] = []
  /// Entries of the ready queue in the order of their queuing.
  private(set) var queue: [Known] = []
  /// The entry of the queue after the one that was meant last.
  var queueNext = 0
  /// For each shape the entry of `known` after the one that was meant last.
  var knownNext: [Int] = []
  /// For each shape the time from its base to the moment that was due last.
  var delay: [Int64] = []
  /// The last operation that the chunk had not seen.
  var outside: UInt64 = 0
  /// The last chain that was neither the innermost's nor begun by it.
  var chain: UInt64 = 0
  /// The time of the last poll's return, at first that of the chunk's first event.
  var pollReturned: Int64
  /// The last moment at which a pool call ended.
  var poolEnded: Int64 = 0
  /// The last time-out that was neither zero nor without limit.
  var timeout: Int64 = 0
  /// When the last such time-out that was not a repetition was over.
  var deadline: Int64 = 0
  /// The last usage.
  var usage = Usage(cpu: .zero, voluntarySwitches: 0, involuntarySwitches: 0, minorFaults: 0, majorFaults: 0)
  /// The last anchor.
  var anchor = Anchor(counter: 0, monotonic: Instant(0), boottime: 0, realtime: 0)

  init(time: Int64, base: UInt64) {
    self.time = time
    self.base = base
    pollReturned = time
  }

  /// As at a chunk's begin; its memory is used again.
  mutating func restart(time: Int64) {
    var fresh = ChunkContext(time: time, base: 0)
    swap(&fresh.outer, &outer)
    swap(&fresh.known, &known)
    swap(&fresh.queue, &queue)
    fresh.outer.removeAll(keepingCapacity: true)
    fresh.known.removeAll(keepingCapacity: true)
    fresh.queue.removeAll(keepingCapacity: true)
    self = fresh
  }

  @inline(__always) mutating func open(_ span: Open) {
    if depth < outer.count { outer[depth] = top } else { outer.append(top) }
    depth += 1
    top = span
  }

  /// The innermost span ends.
  @inline(__always) mutating func close() {
    lastEnded = top.operation
    guard depth > 0 else { return top = Open(id: 0, operation: 0, chain: 0) }
    depth -= 1
    top = outer[depth]
  }

  /// No span is open while a loop polls: begins whose ends are missing are forgotten.
  @inline(__always) mutating func closeAll() {
    top = Open(id: 0, operation: 0, chain: 0)
    depth = 0
  }

  /// The innermost span, where there is one, goes on in that chain.
  @inline(__always) mutating func name(chain: UInt64) {
    if depth > 0 { top.chain = chain }
  }

  @inline(__always) mutating func add(known entry: Known) { known.append(entry) }

  @inline(__always) mutating func add(queued entry: Known) { queue.append(entry) }
}
