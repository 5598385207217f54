import Trace

/// The events of one loop that no chunk has yet: in columns as they come, of which a reader of the newest decodes a copy.
///
/// A class, because an encoder's memory is never copied; only the writer that made it touches it.
final class OpenChunk {
  /// How many events a chunk has, unless it is sealed early.
  static let eventCount = 1 << 16
  /// How many bytes of texts and checkpoints a chunk has, about: far below what a chunk may hold.
  static let extraBytes = 2 << 20

  private let loop: LoopID
  /// The ordinal of the first event.
  private(set) var first: UInt64 = 0
  /// Whether a reader can start with it: it begins with a checkpoint, or with its loop.
  private(set) var opens = true
  /// Events that could not be written, their first ordinal and how many ordinals they had; not written yet either.
  private(set) var lost: (gap: Gap, first: UInt64, count: UInt64)?
  private var encoder = ChunkEncoder()
  private var meter = ChunkMeter()
  /// What was decoded of it, until more comes.
  private var decoded: Batch?

  init(loop: LoopID) { self.loop = loop }

  var isFull: Bool { encoder.count >= Self.eventCount || encoder.extra >= Self.extraBytes }
  var isEmpty: Bool { encoder.count == 0 }
  /// How many events it has.
  var count: UInt64 { UInt64(encoder.count) }
  /// The first event's time; `nil` where there is none.
  var from: Instant? { isEmpty ? nil : encoder.from }

  /// Adds events of a batch until it is full; returns the index of the first that was not added.
  func add(_ batch: Batch, _ range: Range<Int>) -> Int {
    if isEmpty, first > 0, let begin = range.first { opens = batch.isCheckpoint(begin) }
    let most = range.prefix(Self.eventCount - encoder.count)
    let end = encoder.append(batch, most, extraLimit: Self.extraBytes)
    meter.observe(batch.events[range.lowerBound..<end])
    decoded = nil
    return end
  }

  /// Its events.
  ///
  /// Costs decoding them, once until more comes.
  var batch: Batch {
    if let decoded { return decoded }
    var header = ChunkHeader(kind: .events)
    header.loop = loop
    header.events = UInt32(encoder.count)
    guard let batch = try? ChunkCodec.decode(encoder.payload, under: header) else {
      preconditionFailure("a chunk that its own writer cannot read")
    }
    decoded = batch
    return batch
  }

  /// The payload of a chunk with all events.
  var payload: [UInt8] { encoder.payload }

  /// The header of a chunk with all events; what it measures is measured anew from here on.
  func header() -> ChunkHeader {
    var header = ChunkHeader(kind: .events)
    header.loop = loop
    header.events = UInt32(encoder.count)
    header.first = first
    header.from = encoder.from
    header.to = encoder.to
    meter.fill(&header)
    return header
  }

  /// The events are in the file.
  func sealed() {
    first += count
    // A loop that fills its chunks goes on in the same memory; of one that grows silent, as thousands may, none is kept.
    if isFull { encoder.clear() } else { encoder = ChunkEncoder() }
    decoded = nil
  }

  /// The events could not be written: from here on they are a gap, together with those that could not be before.
  func lose() {
    guard let from else { return }
    let before = lost?.count ?? 0
    let gap = Gap(from: lost?.gap.from ?? from, to: encoder.to, events: before + count, reason: .unwritable)
    lost = (gap, lost?.first ?? first, before + count)
    sealed()
  }

  /// The gap's own chunk.
  func gapChunk() -> (header: ChunkHeader, batch: Batch)? {
    guard let lost else { return nil }
    var header = ChunkHeader(kind: .events)
    header.loop = loop
    header.events = 1
    header.lost = UInt32(clamping: lost.count - 1)
    header.first = lost.first
    header.from = lost.gap.to
    header.to = lost.gap.to
    return (header, Batch(loop: loop, events: [Event(lost.gap.to, .gap(lost.gap))]))
  }

  /// The gap is in the file.
  func gapWritten() { lost = nil }
}

extension Batch {
  /// Whether the event at that index is a checkpoint.
  func isCheckpoint(_ index: Int) -> Bool {
    if case .checkpoint = events[index].body { true } else { false }
  }
}
