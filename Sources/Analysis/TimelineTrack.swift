import Trace

/// The timeline of one loop as it grows: when its slices are used up, neighbours merge and each is twice as long.
struct TimelineTrack {
  /// What is known of one slice.
  struct Slice {
    var busy = Nanoseconds.zero
    var idle = Nanoseconds.zero
    var longestTick = Nanoseconds.zero
    var longestOwn = Nanoseconds.zero
    var callbacks: UInt64 = 0
    var isStalled = false

    mutating func merge(_ other: Slice) {
      busy = busy + other.busy
      idle = idle + other.idle
      longestTick = max(longestTick, other.longestTick)
      longestOwn = max(longestOwn, other.longestOwn)
      callbacks += other.callbacks
      isStalled = isStalled || other.isStalled
    }
  }

  /// The begin of the first slice.
  let origin: Instant
  private(set) var slices = Slab<Slice>()
  /// The slices' length is 2 to this power of nanoseconds: at first about a millisecond.
  private(set) var shift: UInt64 = 20
  /// The slice that was looked up last: the next event mostly lies in it.
  private var recent = 0
  private var recentFrom = Instant(.max)
  private var recentTo = Instant(.min)
  static let limit = 4_096

  /// Without slices yet; nothing that is added lies ahead of `origin`.
  init(origin: Instant) { self.origin = origin }

  /// Makes this value the only one that knows its memory.
  mutating func own() { slices.own() }

  /// The end of the last slice.
  var end: Instant { start(of: slices.count) }

  private func start(of index: Int) -> Instant { origin + Nanoseconds(Int64(index) << shift) }

  private func distance(to time: Instant) -> UInt64 { UInt64(bitPattern: (max(time, origin) - origin).count) }

  /// The slice that holds the moment; makes it, and longer slices, as needed.
  @inline(__always)
  private mutating func index(of time: Instant) -> Int {
    time >= recentFrom && time < recentTo ? recent : find(time)
  }

  private mutating func find(_ time: Instant) -> Int {
    let near = Int(truncatingIfNeeded: distance(to: time) >> shift)
    recent = near < slices.count ? near : makeRoom(for: time)
    recentFrom = start(of: recent)
    recentTo = start(of: recent + 1)
    return recent
  }

  private mutating func makeRoom(for time: Instant) -> Int {
    let distance = distance(to: time)
    while distance >> shift >= Self.limit { halve() }
    let index = Int(distance >> shift)
    slices.grow(to: index + 1, Slice())
    return index
  }

  private mutating func halve() {
    for index in 0..<(slices.count + 1) / 2 {
      var merged = slices[2 * index]
      if 2 * index + 1 < slices.count { merged.merge(slices[2 * index + 1]) }
      slices[index] = merged
    }
    slices.removeLast(slices.count / 2)
    shift += 1
    (recentFrom, recentTo) = (Instant(.max), Instant(.min))
  }

  /// A span begins.
  @inline(__always)
  mutating func countCallback(at time: Instant) {
    slices[index(of: time)].callbacks += 1
  }

  /// A span ended.
  @inline(__always)
  mutating func add(own: Nanoseconds, from: Instant, to: Instant) {
    let last = index(of: to)
    if from >= recentFrom { return slices[last].longestOwn = max(slices[last].longestOwn, own) }
    for index in index(of: from)...last where slices[index].longestOwn < own { slices[index].longestOwn = own }
  }

  /// The loop was in its poll.
  mutating func add(idleFrom from: Instant, to: Instant) {
    spread(from, to) { slice, part in slice.idle = slice.idle + part }
  }

  /// The loop was outside of its poll, in a pass that took `tick` so far or in all.
  mutating func add(busyFrom from: Instant, to: Instant, tick: Nanoseconds, isStall: Bool) {
    spread(from, to) { slice, part in
      slice.busy = slice.busy + part
      slice.longestTick = max(slice.longestTick, tick)
      slice.isStalled = slice.isStalled || isStall
    }
  }

  @inline(__always)
  private mutating func spread(_ from: Instant, _ to: Instant, _ add: (inout Slice, Nanoseconds) -> Void) {
    guard from <= to else { return }
    // The end first: making room for it may change where the begin lies.
    let last = index(of: to)
    let begin = index(of: from)
    if begin == last { return add(&slices[begin], to - from) }
    for index in begin...last {
      add(&slices[index], min(to, start(of: index + 1)) - max(from, start(of: index)))
    }
  }

  /// The interval in `count` slices.
  func resampled(from: Instant, to: Instant, count: Int) -> [Timeline.Slice] {
    let length = Double((to - from).count)
    func edge(_ index: Int) -> Instant {
      index == count ? to : from + Nanoseconds(Int64(length * Double(index) / Double(count)))
    }
    return (0..<count).map { sample(from: edge($0), to: edge($0 + 1)) }
  }

  /// What is known of an interval; of slices that lie in it only partly, their share.
  private func sample(from: Instant, to: Instant) -> Timeline.Slice {
    var result = Slice()
    if from < to, from < end, to > origin, !slices.isEmpty {
      let first = Int(truncatingIfNeeded: (max(from, origin) - origin).count >> Int64(shift))
      let last = Int(truncatingIfNeeded: (min(to, end) - origin - Nanoseconds(1)).count >> Int64(shift))
      for index in max(first, 0)...max(min(last, slices.count - 1), max(first, 0)) where index < slices.count {
        result.merge(share(of: index, from: from, to: to))
      }
    }
    return Timeline.Slice(
      from: from, to: to, busy: result.busy, idle: result.idle, longestTick: result.longestTick,
      longestOwn: result.longestOwn, callbacks: result.callbacks, isStalled: result.isStalled)
  }

  private func share(of index: Int, from: Instant, to: Instant) -> Slice {
    let (begin, end) = (start(of: index), start(of: index + 1))
    if from <= begin && end <= to { return slices[index] }
    let length = Double((end - begin).count)
    /// The part of `whole` that lies ahead of the moment: differences of these add up to the whole.
    func ahead(_ moment: Instant, of whole: Int64) -> Int64 {
      let part = Double((min(max(moment, begin), end) - begin).count) / length
      return Int64((Double(whole) * part).rounded())
    }
    var slice = slices[index]
    // What cannot be divided belongs to whoever has most of it, or is within it.
    let overlap = min(to, end) - max(from, begin)
    if Double(overlap.count) < length / 2 && overlap < to - from {
      (slice.longestTick, slice.longestOwn, slice.isStalled) = (.zero, .zero, false)
    }
    slice.busy = Nanoseconds(ahead(to, of: slice.busy.count) - ahead(from, of: slice.busy.count))
    slice.idle = Nanoseconds(ahead(to, of: slice.idle.count) - ahead(from, of: slice.idle.count))
    let callbacks = Int64(clamping: slice.callbacks)
    slice.callbacks = UInt64(clamping: ahead(to, of: callbacks) - ahead(from, of: callbacks))
    return slice
  }
}
