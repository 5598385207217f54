import Trace

/// A whole trace at a glance, from the headers of its chunks alone: the same few milliseconds whatever its length.
///
/// It is as fine as the chunks are: within a chunk the time outside the poll is taken to be spread evenly, and its
/// longest tick may have been anywhere in it.
public struct Overview: Hashable, Sendable {
  /// All loops in one slice of time.
  public struct Slice: Hashable, Sendable {
    /// Its begin.
    public var from: Instant
    /// Its end.
    public var to: Instant
    /// The time that chunks cover, summed over the loops.
    public var known = Nanoseconds.zero
    /// Of that, the time outside the poll.
    public var busy = Nanoseconds.zero
    /// The longest tick of the chunks that overlap it.
    public var longestTick = Nanoseconds.zero

    /// The share of time outside the poll, 0 … 1; `nil` where nothing is known.
    public var share: Double? {
      known > .zero ? min(Double(busy.count) / Double(known.count), 1) : nil
    }
  }

  /// From the first event to the last, in slices of the same length.
  public private(set) var slices: [Slice]
  /// Events in the file.
  public private(set) var events: UInt64 = 0
  /// Loops that have any.
  public private(set) var loops = 0

  /// The overview of those chunks in at most `count` slices; without slices where no chunk is in the file.
  init(of chunks: Chunks, slices count: Int) {
    let present = chunks.lazy.filter { $0.missing == nil }
    guard let from = present.map(\.from).min(), let to = present.map(\.to).max(), count > 0, from <= to else {
      slices = []
      return
    }
    let scale = Scale(from: from, to: to, count: count)
    slices = (0..<count).map { Slice(from: scale.edge($0), to: scale.edge($0 + 1)) }
    // Where each loop's last chunk ended, as long as nothing is missing since.
    var ends: [LoopID: Instant] = [:]
    var seen: Set<LoopID> = []
    for chunk in chunks {
      guard chunk.missing == nil else {
        ends[chunk.loop] = nil
        continue
      }
      events &+= chunk.count
      seen.insert(chunk.loop)
      add(chunk, from: min(ends[chunk.loop] ?? chunk.from, chunk.from), scale)
      ends[chunk.loop] = chunk.to
    }
    loops = seen.count
  }

  /// Adds what a chunk says of its loop from `from` to its end, to each slice its part.
  private mutating func add(_ chunk: ChunkSummary, from: Instant, _ scale: Scale) {
    let (begin, end) = (scale.place(from), max(scale.place(chunk.to), scale.place(from)))
    // A header may say anything; what it says of more than its own time is not believed.
    let length = scale.length * (end - begin)
    let busy = min(max(Double(chunk.activity.busy.count), 0), length)
    let first = min(Int(begin), slices.count - 1)
    for index in first...max(first, Int(end.rounded(.up)) - 1) {
      let part = min(end, Double(index + 1)) - max(begin, Double(index))
      slices[index].known = slices[index].known + Nanoseconds(Int64(scale.length * part))
      if end > begin { slices[index].busy = slices[index].busy + Nanoseconds(Int64(busy * part / (end - begin))) }
      slices[index].longestTick = max(slices[index].longestTick, chunk.activity.longestTick)
    }
  }

  /// Moments as places among the slices, in numbers that no file can make overflow.
  private struct Scale {
    let from: Double
    let to: Double
    let count: Int
    /// A slice's in nanoseconds.
    var length: Double { (to - from) / Double(count) }

    init(from: Instant, to: Instant, count: Int) {
      self.from = Double(from.bounded.nanoseconds)
      self.to = max(Double(to.bounded.nanoseconds), self.from + 1)
      self.count = count
    }

    /// From 0 to the number of slices.
    func place(_ time: Instant) -> Double {
      min(max((Double(time.bounded.nanoseconds) - from) / length, 0), Double(count))
    }

    func edge(_ index: Int) -> Instant { Instant(Int64(from + length * Double(index))) }
  }
}

extension Instant {
  /// Within a century of the clock's zero.
  fileprivate var bounded: Instant { min(max(self, Instant(-(1 << 61))), Instant(1 << 61)) }
}

extension TraceStore {
  /// What the headers of the chunks say, in that many slices of time; nothing is decoded.
  public func overview(slices count: Int) -> Overview { Overview(of: chunks, slices: count) }
}
