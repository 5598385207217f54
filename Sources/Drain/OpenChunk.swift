import Trace

/// The events of one loop that no chunk has yet.
struct OpenChunk {
  /// How many events a chunk has, unless it is sealed early.
  static let eventCount = 1 << 16
  /// How many bytes of texts and checkpoints a chunk has, about: far below what a chunk may hold.
  static let extraBytes = 2 << 20
  /// How much of a text is kept.
  static let textLimit = 64 << 10

  private(set) var batch: Batch
  /// The ordinal of the first event.
  private(set) var first: UInt64 = 0
  /// A moment on both clocks before the chunk's begin, or the first one in it.
  private(set) var opening: WallTime?
  /// The last moment on both clocks.
  private(set) var closing: WallTime?
  /// Events that could not be written, their first ordinal and how many ordinals they had; not written yet either.
  private(set) var lost: (gap: Gap, first: UInt64, count: UInt64)?
  private var meter = ActivityMeter()
  private var extra = 0

  init(loop: LoopID) { batch = Batch(loop: loop) }

  var isFull: Bool { batch.events.count >= Self.eventCount || extra >= Self.extraBytes }
  var isEmpty: Bool { batch.events.isEmpty }
  /// Whether a reader can start with it: it begins with a checkpoint, or with its loop.
  var opens: Bool {
    guard first > 0, case .checkpoint? = batch.events.first?.body else { return first == 0 }
    return true
  }

  /// Adds an event of `source` with what it refers to.
  mutating func add(_ event: Event, of source: Batch) {
    var event = event
    switch event.body {
    case .settled(let operation, let outcome, let text?): event.body = .settled(operation, outcome, copy(text, source))
    case .chainNamed(let chain, let text): event.body = .chainNamed(chain, copy(text, source))
    case .marked(let text): event.body = .marked(copy(text, source))
    case .watched(let descriptor, let text): event.body = .watched(descriptor: descriptor, copy(text, source))
    case .unhandled(let operation, let text): event.body = .unhandled(operation, copy(text, source))
    case .checkpoint(let index): event.body = .checkpoint(copy(checkpoint: index, source))
    case .anchor(let anchor):
      let wall = WallTime(monotonic: anchor.monotonic, realtime: anchor.realtime)
      if opening == nil { opening = wall }
      closing = wall
    default: break
    }
    batch.events.append(event)
    meter.observe(event)
  }

  private mutating func copy(_ text: TextID, _ source: Batch) -> TextID {
    var text = source.text(text)
    if text.utf8.count > Self.textLimit { text = String(decoding: text.utf8.prefix(Self.textLimit - 2), as: UTF8.self) }
    extra += text.utf8.count
    return batch.add(text: text)
  }

  private mutating func copy(checkpoint index: Int32, _ source: Batch) -> Int32 {
    let checkpoint = source.checkpoints.indices.contains(Int(index)) ? source.checkpoints[Int(index)] : Checkpoint()
    extra += 48 * (checkpoint.operations.count + checkpoint.spans.count)
    extra += checkpoint.chains.reduce(0) { $0 + 16 + $1.name.utf8.count }
    extra += checkpoint.descriptors.reduce(0) { $0 + 8 + $1.label.utf8.count }
    batch.checkpoints.append(checkpoint)
    return Int32(batch.checkpoints.count - 1)
  }

  /// The header of a chunk with all events; what it measures is measured anew from here on.
  mutating func header() -> ChunkHeader {
    var header = ChunkHeader(kind: .events)
    header.loop = batch.loop
    header.events = UInt32(batch.events.count)
    header.first = first
    header.from = batch.events.first?.time ?? Instant(0)
    header.to = batch.events.last?.time ?? Instant(0)
    header.activity = meter.take()
    header.opening = opening
    header.closing = closing
    return header
  }

  /// The events are in the file.
  mutating func sealed() {
    opening = closing
    first += UInt64(batch.events.count)
    batch = Batch(loop: batch.loop)
    extra = 0
  }

  /// The events could not be written: from here on they are a gap, together with those that could not be before.
  mutating func lose() {
    guard let from = batch.events.first?.time, let to = batch.events.last?.time else { return }
    let count = UInt64(batch.events.count)
    let before = lost?.count ?? 0
    let gap = Gap(from: lost?.gap.from ?? from, to: to, events: before + count, reason: .unwritable)
    lost = (gap, lost?.first ?? first, before + count)
    sealed()
  }

  /// The gap's own chunk.
  func gapChunk() -> (header: ChunkHeader, batch: Batch)? {
    guard let lost else { return nil }
    var header = ChunkHeader(kind: .events)
    header.loop = batch.loop
    header.events = 1
    header.lost = UInt32(clamping: lost.count - 1)
    header.first = lost.first
    header.from = lost.gap.to
    header.to = lost.gap.to
    return (header, Batch(loop: batch.loop, events: [Event(lost.gap.to, .gap(lost.gap))]))
  }

  /// The gap is in the file.
  mutating func gapWritten() { lost = nil }
}
