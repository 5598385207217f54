import Trace

/// Pending timers, soonest first and among equals in the order of their setting.
///
/// An intrusive binary heap rather than swift-collections' `Heap`: most timers are time-outs and nearly all of those are
/// cancelled. Each timer knows its place, so cancelling takes it out at once (O(log n)) and frees its closure, where
/// `Heap` would keep the cancelled ones until due. The entries are trivial values: sifting neither retains nor releases.
struct TimerHeap: ~Copyable {
  private struct Entry {
    var due: Instant
    var sequence: UInt64
    /// Retained for as long as it is in the heap.
    var timer: Unmanaged<Timer>

    func isBefore(_ other: Entry) -> Bool {
      due != other.due ? due < other.due : sequence < other.sequence
    }
  }

  private var entries: [Entry] = []
  /// What the next timer set will be numbered: a timer is older than a moment if its number is below that moment's.
  private(set) var nextSequence: UInt64 = 0

  deinit {
    for entry in entries {
      entry.timer.takeUnretainedValue().index = -1
      entry.timer.release()
    }
  }

  var isEmpty: Bool { entries.isEmpty }
  var nextDue: Instant? { entries.first?.due }

  mutating func insert(_ timer: Timer, due: Instant) {
    entries.append(Entry(due: due, sequence: nextSequence, timer: .passRetained(timer)))
    nextSequence += 1
    siftUp(entries.count - 1)
  }

  /// Takes out the soonest timer if it is due and was set before the moment that `limit` numbers.
  mutating func popDue(at now: Instant, before limit: UInt64) -> Timer? {
    guard let first = entries.first, first.due <= now, first.sequence < limit else { return nil }
    return remove(at: 0)
  }

  /// Takes out any timer of the heap.
  mutating func remove(_ timer: Timer) {
    _ = remove(at: timer.index)
  }

  /// Takes out whichever timer is handiest; `nil` once the heap is empty.
  mutating func popAny() -> Timer? {
    entries.isEmpty ? nil : remove(at: entries.count - 1)
  }

  private mutating func remove(at index: Int) -> Timer {
    let removed = entries[index].timer
    let last = entries.removeLast()
    if index < entries.count {
      place(last, at: index)
      siftDown(index)
      siftUp(index)
    }
    let timer = removed.takeRetainedValue()
    timer.index = -1
    return timer
  }

  private mutating func place(_ entry: Entry, at index: Int) {
    entries[index] = entry
    entry.timer._withUnsafeGuaranteedRef { $0.index = index }
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    let moving = entries[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard moving.isBefore(entries[parent]) else { break }
      place(entries[parent], at: index)
      index = parent
    }
    place(moving, at: index)
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    let moving = entries[index]
    while true {
      var child = 2 * index + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
      guard entries[child].isBefore(moving) else { break }
      place(entries[child], at: index)
      index = child
    }
    place(moving, at: index)
  }
}
