import Analysis
import CLinux
import Screens
import Trace
import TraceStore

/// Decodes a trace where somebody looks: a few chunks, and no more than that is kept.
///
/// A chunk has 65,536 events at most and is decoded in a millisecond or two; how a loop stood at a chunk's end is
/// remembered, so that going on from there costs no more than the way.
final class Lens {
  private let store: TraceStore
  /// Each loop's chunks, in the order of their events.
  private var places: [LoopID: [Int]] = [:]
  /// The chunks that stand there.
  private var placed = 0..<0
  private var batches = Recent<Int, Batch>(limit: 20)
  /// How a loop stood when a chunk ended.
  private var ends = Recent<Int, LoopReplay>(limit: 64)

  /// How a loop stood here and there within the chunk that was looked into last.
  private var stops = Stops()

  /// How many chunks are gone back to find a checkpoint: those of a second at a million events a second.
  private static let reach = 16
  /// Chunks that are decoded to draw a window: what has more is too much to be told apart.
  private static let windowChunks = 6
  /// Chunks that are searched for a step's end.
  private static let searchedChunks = 32

  /// How long one look may take. What it would take longer to know is left open, and gone on with at the next look.
  private let patience: Nanoseconds
  private var deadline = Int64.max
  /// Whether the last look was cut short.
  private(set) var isBehind = false
  /// Whether this look has found out something that the next one need not: each does, however little time it has.
  private var hasAdvanced = false

  init(_ store: TraceStore, patience: Nanoseconds = Nanoseconds(.max)) {
    self.store = store
    self.patience = patience
  }

  /// A look begins.
  func begin() {
    (isBehind, hasAdvanced) = (false, false)
    deadline = patience == Nanoseconds(.max) ? .max : ll_monotonic() + patience.count
  }

  private var isLate: Bool {
    if deadline < .max, hasAdvanced, ll_monotonic() > deadline { isBehind = true }
    return isBehind
  }

  /// How a loop stood at a moment; `nil` where none of its events is as old.
  func moment(of loop: LoopID, at time: Instant) throws(TraceError) -> LoopMoment? {
    place()
    guard let place = try place(of: time, loop), let batch = try batch(place, of: loop) else { return nil }
    let stop = try stop(at: time, in: place, batch)
    var moment = stop.replay.moment(at: time, store.definitions)
    var following = [batch]
    for next in place + 1..<place + 3 {
      if isLate { break }
      if let batch = try self.batch(next, of: loop) { following.append(batch) }
    }
    moment.look(ahead: following)
    return moment
  }

  /// What stands for all of a loop's events ahead of a moment; `nil` where there are none.
  func opening(of loop: LoopID, at time: Instant) throws(TraceError) -> Batch? {
    place()
    let before = time - Nanoseconds(1)
    guard let place = try place(of: before, loop), let batch = try batch(place, of: loop) else { return nil }
    return try stop(at: before, in: place, batch).replay.opening(at: time)
  }

  /// The events of some slices of time; `nil` where they are too many, or none is in the trace.
  func window(of loop: LoopID, _ slices: TimeSlices, until now: Instant?) throws(TraceError) -> LoopWindow? {
    place()
    let end = slices.from + Nanoseconds(slices.length.count &* Int64(slices.count))
    guard let last = try place(of: end, loop) else { return nil }
    let first = try place(of: slices.from, loop) ?? 0
    guard last - first < Self.windowChunks else { return nil }
    guard var batch = try batch(first, of: loop) else { return nil }
    let stop = try stop(at: slices.from, in: first, batch)
    batch.events.removeFirst(min(stop.index, batch.events.count))
    var batches = [batch]
    // With the chunk after it, where only that tells that nothing more happens in the window.
    for place in first + 1..<max(first + 1, last) + 2 {
      guard batches[batches.count - 1].events.last.map({ $0.time <= end }) ?? true else { break }
      if let batch = try self.batch(place, of: loop) { batches.append(batch) }
    }
    return LoopWindow(
      after: stop.replay, batches, from: slices.from, length: slices.length, count: slices.count, until: now,
      store.definitions)
  }

  /// The moment that a step from `time` leads to; `nil` where there is none, or it is very far.
  func find(_ step: Step, of loop: LoopID, from time: Instant) throws(TraceError) -> Instant? {
    place()
    let start = try place(of: time, loop) ?? 0
    for distance in 0..<Self.searchedChunks {
      let place = step.isForwards ? start + distance : start - distance
      guard let batch = try batch(place, of: loop) else { return nil }
      let found =
        step.isForwards
        ? batch.events.first { $0.time > time && step.leads(to: $0.body) }
        : batch.events.last { $0.time < time && step.leads(to: $0.body) }
      if let found { return found.time }
    }
    return nil
  }

  // MARK: Chunks

  /// Takes note of chunks that are new; of all anew where the first have been given up, which is rare.
  private func place() {
    let chunks = store.chunks
    if chunks.startIndex > placed.lowerBound {
      placed = chunks.startIndex..<chunks.startIndex
      places = [:]
      batches.removeAll()
      ends.removeAll()
      stops = Stops()
    }
    for index in placed.upperBound..<chunks.endIndex { places[chunks[index].loop, default: []].append(index) }
    placed = placed.lowerBound..<chunks.endIndex
  }

  /// The chunk of a loop that the moment falls into, or the last one ahead of it; what is not sealed yet comes after all
  /// that is.
  private func place(of time: Instant, _ loop: LoopID) throws(TraceError) -> Int? {
    let indices = places[loop] ?? []
    if let open = open(loop), let first = open.events.first?.time, first <= time { return indices.count }
    let chunks = store.chunks
    var (low, high) = (0, indices.count)
    while low < high {
      let middle = (low + high) / 2
      if chunks[indices[middle]].from <= time { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? low - 1 : nil
  }

  private func open(_ loop: LoopID) -> Batch? { store.open.first { $0.loop == loop && !$0.events.isEmpty } }

  private func batch(_ place: Int, of loop: LoopID) throws(TraceError) -> Batch? {
    let indices = places[loop] ?? []
    guard place >= 0 else { return nil }
    guard place < indices.count else { return place == indices.count ? open(loop) : nil }
    if let batch = batches[indices[place]] { return batch }
    let batch = try store.batch(indices[place])
    batches[indices[place]] = batch
    hasAdvanced = true
    return batch
  }

  /// A replay that stands ahead of the chunk at a place, with all that was open then if that can be known.
  private func replay(ahead place: Int, of loop: LoopID, through time: Instant) throws(TraceError) -> LoopReplay {
    let indices = places[loop] ?? []
    var start = place
    var replay = LoopReplay(loop: loop)
    while start > 0 {
      if let known = ends[indices[start - 1]] {
        replay = known
        break
      }
      // In a chunk that has a checkpoint ahead of the moment, all that comes after it is known.
      if let batch = try batch(start, of: loop), batch.opens(before: time) { break }
      if isLate { return replay }
      start -= 1
      // Where there is none near, what was open is not worth the time.
      if place - start > Self.reach { return replay }
    }
    for passed in start..<place {
      if let batch = try batch(passed, of: loop), let last = batch.events.last {
        replay.consume(batch, through: last.time)
      }
      ends[indices[passed]] = replay
      hasAdvanced = true
      if passed + 1 < place, isLate { return LoopReplay(loop: loop) }
    }
    return replay
  }

  /// How the loop stood at a moment of a chunk, and the index of the first event in it that is later.
  private func stop(at time: Instant, in place: Int, _ batch: Batch) throws(TraceError) -> Stop {
    let isSealed = place < (places[batch.loop]?.count ?? 0)
    if !isSealed || !stops.serve(batch.loop, place, time) {
      stops = Stops(loop: batch.loop, place: isSealed ? place : nil, earliest: time)
      stops.all = [Stop(index: 0, replay: try replay(ahead: place, of: batch.loop, through: time))]
    }
    // What was cut short is gone on with, not kept.
    defer { if isBehind { stops = Stops() } }
    let known = stops.all.last { $0.index == 0 || batch.events[$0.index - 1].time <= time } ?? stops.all[0]
    var stop = known
    while stop.index < batch.events.count {
      let end = stop.index + Stops.distance
      if let later = stop.replay.consume(batch, from: stop.index, upTo: end, through: time) {
        return Stop(index: later, replay: stop.replay)
      }
      stop.index = min(end, batch.events.count)
      if stop.index > stops.all[stops.all.count - 1].index { stops.all.append(stop) }
    }
    return stop
  }
}

/// A place within a chunk, and how its loop stood there.
private struct Stop {
  /// The event that follows.
  var index: Int
  var replay: LoopReplay
}

/// The places within one chunk that were passed, from its begin on.
private struct Stops {
  var loop: LoopID?
  var place: Int?
  /// The moment that they were made for. What is ahead of it may not be known: a checkpoint in the chunk was enough.
  var earliest = Instant(0)
  var all: [Stop] = []

  /// Events from one to the next: those that are taken in for a step back are no more.
  static let distance = 4_096

  /// Whether they tell of a moment as well as any that are made for it.
  func serve(_ loop: LoopID, _ place: Int, _ time: Instant) -> Bool {
    self.loop == loop && self.place == place && (time >= earliest || all.first?.replay.isComplete == true)
  }
}

extension Batch {
  /// Whether a checkpoint stands ahead of that moment.
  fileprivate func opens(before time: Instant) -> Bool {
    guard !checkpoints.isEmpty else { return false }
    return events.contains { event in
      guard event.time <= time, case .checkpoint = event.body else { return false }
      return true
    }
  }
}

extension Step {
  fileprivate var isForwards: Bool { self == .nextCallback || self == .nextTick }

  fileprivate func leads(to body: Event.Body) -> Bool {
    switch (self, body) {
    case (.nextCallback, .began), (.previousCallback, .began): true
    case (.nextTick, .pollReturned), (.previousTick, .pollReturned): true
    default: false
    }
  }
}

/// The values that were asked for last.
private struct Recent<Key: Hashable, Value> {
  private var values: [Key: (value: Value, used: Int)] = [:]
  private var clock = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func removeAll() { values = [:] }

  subscript(key: Key) -> Value? {
    mutating get {
      clock += 1
      values[key]?.used = clock
      return values[key]?.value
    }
    set {
      clock += 1
      values[key] = newValue.map { ($0, clock) }
      if values.count > limit, let oldest = values.min(by: { $0.value.used < $1.value.used }) {
        values[oldest.key] = nil
      }
    }
  }
}
