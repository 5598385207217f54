/// What happened on the loop of a chunk, to draw a timeline without decoding it.
public struct Activity: Hashable, Sendable {
  /// Time outside the poll, since the chunk ahead of this one.
  public var busy: Nanoseconds
  /// The longest tick that ended in the chunk or was open at its end.
  public var longestTick: Nanoseconds
  /// Spans begun.
  public var spans: UInt32
  /// Spans ended whose self time exceeded 50 ms.
  public var slowSpans: UInt32

  /// An activity from its parts; none unless said otherwise.
  public init(
    busy: Nanoseconds = .zero, longestTick: Nanoseconds = .zero, spans: UInt32 = 0, slowSpans: UInt32 = 0
  ) {
    self.busy = busy
    self.longestTick = longestTick
    self.spans = spans
    self.slowSpans = slowSpans
  }
}

/// One moment on both clocks: enough to turn a chunk's times into wall time.
public struct WallTime: Hashable, Sendable {
  /// `CLOCK_MONOTONIC`.
  public var monotonic: Instant
  /// `CLOCK_REALTIME` in nanoseconds since 1970.
  public var realtime: Int64

  /// A moment from its two readings.
  public init(monotonic: Instant, realtime: Int64) {
    self.monotonic = monotonic
    self.realtime = realtime
  }
}

/// What stands ahead of a chunk's payload: enough to list, find and skip it without touching the payload.
package struct ChunkHeader: Hashable, Sendable {
  /// What sort of chunk; readers hop over sorts that they do not know.
  package var kind: UInt16
  /// How the payload is packed.
  package var codec: UInt8
  /// The loop of an events chunk.
  package var loop = LoopID(0)
  /// How many events the payload holds.
  package var events: UInt32 = 0
  /// Of an events chunk: the ordinal within its loop of the first. Of an end: the offset of the first index chunk.
  package var first: UInt64 = 0
  /// The first event's time.
  package var from = Instant(0)
  /// The last event's time.
  package var to = Instant(0)
  /// Bytes of the payload in the file.
  package var stored: UInt32 = 0
  /// Bytes of the payload unpacked.
  package var raw: UInt32 = 0
  /// The stored payload's CRC.
  package var payloadCRC: UInt32 = 0
  /// Ordinals after the chunk's events that its gap stands for; no other chunk has them.
  package var lost: UInt32 = 0
  /// What happened.
  package var activity = Activity()
  /// A moment on both clocks at or before the chunk's begin, or its first.
  package var opening: WallTime?
  /// The last moment on both clocks that is known at the chunk's end.
  package var closing: WallTime?
  /// Where in the file the header stands: what only looks like a header does not know.
  package var offset: UInt64 = 0

  /// An empty header of that kind.
  package init(kind: Kind, codec: Codec = .stored) {
    self.kind = kind.rawValue
    self.codec = codec.rawValue
  }

  /// The sorts of chunk that this version knows.
  package enum Kind: UInt16 { case events = 1, definitions, index, end }
  /// The ways to pack a payload that this version knows.
  package enum Codec: UInt8 { case stored = 0, zstd = 1 }

  /// How long a header is.
  package static let size = 128
  /// How one begins.
  package static let magic: [UInt8] = [0x89, 0x4C, 0x54, 0x43, 0x0D, 0x0A, 0x1A, 0x0A]
  /// The longest payload, unpacked or stored.
  package static let payloadLimit = 16 << 20

  /// The first ordinal after the chunk.
  package var end: UInt64 { first &+ UInt64(events) &+ UInt64(lost) }
  /// The offset of what follows the chunk.
  package var next: UInt64 { offset &+ UInt64(Self.size) &+ UInt64(stored) }

  /// Its bytes.
  package var bytes: [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(Self.size)
    body.append(number: kind)
    body.append(codec)
    body.append((opening == nil ? 0 : 1) | (closing == nil ? 0 : 2))
    body.append(number: loop.number)
    body.append(number: UInt16(0))
    body.append(number: events)
    body.append(number: first)
    body.append(number: from.nanoseconds)
    body.append(number: to.nanoseconds)
    for number in [stored, raw, payloadCRC, lost] { body.append(number: number) }
    body.append(number: activity.busy.count)
    body.append(number: activity.longestTick.count)
    body.append(number: activity.spans)
    body.append(number: activity.slowSpans)
    for anchor in [opening, closing] {
      body.append(number: anchor?.monotonic.nanoseconds ?? 0)
      body.append(number: anchor?.realtime ?? 0)
    }
    body.append(number: offset)
    var bytes = Self.magic
    bytes.append(number: body.withUnsafeBytes(crc32))
    return bytes + body
  }

  /// The header in the first 128 of `bytes`, or `nil` where there is none, a damaged one, or one whose sizes exceed
  /// what a chunk may have.
  package init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.size, bytes.starts(with: Self.magic) else { return nil }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[Self.magic.count..<Self.size]))
    guard reader.number() == crc32(UnsafeRawBufferPointer(rebasing: bytes[12..<Self.size])) else { return nil }
    // The reader has all of the header's bytes: no number below is ever missing.
    func number<T: FixedWidthInteger>() -> T { reader.number() ?? 0 }
    kind = number()
    codec = number()
    let flags: UInt8 = number()
    loop = LoopID(number())
    _ = number() as UInt16
    events = number()
    first = number()
    from = Instant(number())
    to = Instant(number())
    stored = number()
    raw = number()
    payloadCRC = number()
    lost = number()
    activity.busy = Nanoseconds(number())
    activity.longestTick = Nanoseconds(number())
    activity.spans = number()
    activity.slowSpans = number()
    let anchors = (0..<2).map { _ in WallTime(monotonic: Instant(number()), realtime: number()) }
    if flags & 1 != 0 { opening = anchors[0] }
    if flags & 2 != 0 { closing = anchors[1] }
    offset = number()
    guard stored <= Self.payloadLimit, raw <= Self.payloadLimit else { return nil }
  }
}
