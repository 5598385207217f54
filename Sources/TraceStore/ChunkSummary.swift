import Trace

/// What is known of a chunk without decoding it.
public struct ChunkSummary: Hashable, Sendable {
  /// Its loop.
  public var loop: LoopID
  /// The ordinal within the loop of its first event.
  public var firstEvent: UInt64
  /// How many events it has; of a missing chunk, how many are missing.
  public var count: UInt64
  /// The first event's time.
  public var from: Instant
  /// The last event's time.
  public var to: Instant
  /// What happened on the loop.
  public var activity: Activity
  /// A moment on both clocks before the chunk or in it.
  public var opening: WallTime?
  /// The last moment on both clocks before the chunk's end.
  public var closing: WallTime?
  /// Where in the file it begins; of a missing chunk, where the first chunk after it does.
  public var offset: UInt64
  /// Why the chunk is known only by the ordinals that its neighbours leave out; `nil` for one that is in the file.
  public var missing: GapReason?
  /// What else of its header a reader needs.
  var header: ChunkHeader?

  /// One that is in the file.
  init(_ header: ChunkHeader) {
    loop = header.loop
    firstEvent = header.first
    count = UInt64(header.events)
    from = header.from
    to = header.to
    activity = header.activity
    opening = header.opening
    closing = header.closing
    offset = header.offset
    self.header = header
  }

  /// One that is known to be missing.
  init(missing count: UInt64, of loop: LoopID, after firstEvent: UInt64, _ gap: Gap, before offset: UInt64) {
    self.loop = loop
    self.firstEvent = firstEvent
    self.count = count
    from = gap.from
    to = gap.to
    activity = Activity()
    self.offset = offset
    missing = gap.reason
  }

  /// One that stands for some of its loop that are gone for good, from one on to another.
  init(goneFrom first: ChunkSummary, to last: ChunkSummary) {
    let gap = Gap(from: first.from, to: last.to, events: nil, reason: .overwritten)
    self.init(
      missing: last.end &- first.firstEvent, of: first.loop, after: first.firstEvent, gap, before: last.offset)
  }

  /// The first ordinal after it, counting events that its gap stands for.
  public var end: UInt64 { header?.end ?? firstEvent &+ count }

  /// The loop's batch where nothing but its loss is known.
  func gap(_ reason: GapReason) -> Batch {
    let gap = Gap(from: from, to: to, events: end &- firstEvent, reason: reason)
    return Batch(loop: loop, events: [Event(to, .gap(gap))])
  }
}
