import Trace

/// From where on everything about a loop is known: what is older may be met without having been seen to begin.
struct LoopKnowledge {
  /// The first moment since which no event is missing.
  private(set) var from: Instant
  /// The lowest position since then; what began at a lower one is not known. `nil` while none has been seen.
  private var firstSerial: UInt64?
  /// The highest position of a span's begin.
  private(set) var lastSpan: UInt64 = 0
  /// Where the last gap began, while it is not known which spans outlived it.
  var gap: Instant?
  /// Whether the next checkpoint tells what there was before `from`. Later ones would tell nothing new, and one that was
  /// read a moment late could bring back what has ended since.
  private(set) var needsCheckpoint = true
  /// Spans that were taken to end before their ends came.
  private var closedEarly: Set<SpanID> = []
  /// Settled before the checkpoint that may still list them.
  private var gone: Set<UInt64> = []
  /// Names of chains that a checkpoint gave and of which nothing else is known.
  var names: [ChainID: NamedChain] = [:]
  private static let limit = 4_096

  /// Nothing is known from before the first event.
  init(from: Instant) { self.from = from }

  /// The loop begins: nothing was before.
  mutating func begin() {
    if firstSerial == nil { firstSerial = 0 }
  }

  /// Events are missing.
  mutating func lose(from: Instant, to: Instant) {
    self.from = to
    firstSerial = nil
    gap = from
    needsCheckpoint = true
    gone = []
  }

  /// Something began.
  @inline(__always)
  mutating func see(_ serial: UInt64) {
    if firstSerial == nil { firstSerial = serial }
  }

  /// A span began.
  @inline(__always)
  mutating func see(_ span: SpanID) {
    see(span.serial)
    lastSpan = max(lastSpan, span.serial)
  }

  /// Whether the thing would have been seen to begin.
  func mustKnow(_ serial: UInt64) -> Bool { firstSerial.map { serial >= $0 } ?? false }

  /// A span is taken to have ended: should its end come, it is no news.
  mutating func closeEarly(_ span: SpanID) {
    if closedEarly.count < Self.limit { closedEarly.insert(span) }
  }

  /// Whether the span that ends was taken to have ended already.
  mutating func hasClosedEarly(_ span: SpanID) -> Bool { closedEarly.remove(span) != nil }

  /// Whether a span of this loop has not begun yet that is said to have registered something.
  func isYetToCome(_ creator: SpanID) -> Bool { creator.serial > lastSpan && mustKnow(creator.serial) }

  /// Something ended that was not known.
  mutating func forget(_ raw: UInt64) {
    if needsCheckpoint && gone.count < Self.limit { gone.insert(raw) }
  }

  /// Whether what a checkpoint lists began before everything was known, and has not ended since.
  func isNews(_ raw: UInt64, began: Instant) -> Bool { began <= from && !gone.contains(raw) }

  /// Takes a checkpoint's names, in place of those of the one before.
  mutating func take(_ checkpoint: Checkpoint) {
    needsCheckpoint = false
    gone = []
    names = [:]
    for chain in checkpoint.chains.prefix(Self.limit) { names[chain.id] = chain }
  }
}

extension Instant {
  /// The moment, moved within a century of the clock's zero: differences of such moments cannot overflow.
  @inlinable var bounded: Instant { min(max(self, Instant(-(1 << 61))), Instant(1 << 61)) }
}
