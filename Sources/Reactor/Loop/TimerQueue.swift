import Trace

/// Pending timers, soonest first and among equals in the order of their setting.
///
/// Timers that were set for the same delay come due in the order of their setting, and a program has few different delays:
/// so each timer is linked behind the last one of its delay, into a run, and only the first of each run stands in a binary heap.
/// Setting, running and cancelling one of n timers in r runs costs O(log r), and nothing but a few words where it is not its
/// run's first; with n different delays it is a heap of n. Each timer knows its place, so cancelling takes it out at once and
/// frees its closure: most timers are time-outs, and nearly all of those are cancelled.
struct TimerQueue: ~Copyable {
  /// A run in the heap, by the key of its first timer. A trivial value: sifting neither retains nor releases.
  private struct Run {
    let due: Instant
    let sequence: UInt64
    let first: Unmanaged<Timer>

    init(_ first: Unmanaged<Timer>) {
      (due, sequence) = first._withUnsafeGuaranteedRef { ($0.due, $0.sequence) }
      self.first = first
    }

    func isBefore(_ other: Run) -> Bool {
      due != other.due ? due < other.due : sequence < other.sequence
    }
  }

  private var runs = PlainBuffer<Run>()
  /// The last timer of the latest run of a delay, by the delay's hash: a delay that loses its place here to another one
  /// begins a new run the next time, which costs speed, never the order.
  private let lasts = UnsafeMutablePointer<Unmanaged<Timer>?>.allocate(capacity: 64)
  /// What the next timer set will be numbered: a timer is older than a moment if its number is below that moment's.
  private(set) var nextSequence: UInt64 = 0

  init() {
    lasts.initialize(repeating: nil, count: 64)
  }

  deinit {
    lasts.deallocate()
    for index in 0..<runs.count {
      var next: Unmanaged<Timer>? = runs[index].first
      while let timer = next {
        next = timer._withUnsafeGuaranteedRef {
          $0.place = .outside
          return $0.next.take()
        }
        timer.release()
      }
    }
  }

  var isEmpty: Bool { runs.isEmpty }
  var nextDue: Instant? { runs.isEmpty ? nil : runs[0].due }

  /// Puts in a timer with its due moment, and retains it for as long as it is in.
  mutating func insert(_ timer: consuming Timer) {
    timer.sequence = nextSequence
    nextSequence += 1
    let inserted = Unmanaged.passRetained(timer)
    let slot = slot(of: timer.delay)
    if let last = lasts[slot], last._withUnsafeGuaranteedRef({ $0.append(inserted) }) {
      timer.previous = last
      timer.place = .behind
    } else {
      runs.append(Run(inserted))
      siftUp(runs.count - 1)
    }
    lasts[slot] = inserted
  }

  /// The soonest timer if it is due and was set before the moment that `limit` numbers. The queue holds it.
  @inline(__always)
  func firstDue(at now: Instant, before limit: UInt64) -> Unmanaged<Timer>? {
    guard !runs.isEmpty, runs[0].due <= now, runs[0].sequence < limit else { return nil }
    return runs[0].first
  }

  /// Takes out any timer of the queue.
  @discardableResult
  mutating func remove(_ timer: Timer) -> Timer {
    take(.passUnretained(timer))
  }

  /// Sets the soonest timer anew, whose due moment was put off: as to take it out and put it in, without letting go of it.
  @inline(__always)
  mutating func putOff(_ timer: Timer) {
    let first = Unmanaged.passUnretained(timer)
    let slot = slot(of: timer.delay)
    guard let next = timer.next, let last = lasts[slot], last._withUnsafeGuaranteedRef({ $0.append(first) }) else {
      return insert(take(first))
    }
    timer.sequence = nextSequence
    nextSequence += 1
    timer.next = nil
    timer.previous = last
    timer.place = .behind
    lasts[slot] = first
    next._withUnsafeGuaranteedRef { $0.previous = nil }
    runs[0] = Run(next)
    siftDown(0)
  }

  /// Takes out whichever timer is handiest; `nil` once the queue is empty.
  mutating func popAny() -> Timer? {
    runs.isEmpty ? nil : take(runs[runs.count - 1].first)
  }

  private mutating func take(_ taken: Unmanaged<Timer>) -> Timer {
    let timer = taken.takeRetainedValue()
    let next = timer.next.take()
    let previous = timer.previous.take()
    let slot = slot(of: timer.delay)
    if lasts[slot]?.toOpaque() == taken.toOpaque() { lasts[slot] = previous }
    next?._withUnsafeGuaranteedRef { $0.previous = previous }
    if let previous {
      previous._withUnsafeGuaranteedRef { $0.next = next }
    } else if let next {
      // Later than what it follows: down, if anywhere.
      runs[timer.place.index] = Run(next)
      siftDown(timer.place.index)
    } else {
      removeRun(at: timer.place.index)
    }
    timer.place = .outside
    return timer
  }

  private func slot(of delay: Nanoseconds) -> Int {
    Int(truncatingIfNeeded: (UInt64(bitPattern: delay.count) &* 0x9E37_79B9_7F4A_7C15) >> 58)
  }

  // MARK: The heap

  private mutating func removeRun(at index: Int) {
    let last = runs.removeLast()
    if index < runs.count {
      runs[index] = last
      siftDown(index)
      siftUp(index)
    }
  }

  private mutating func place(_ run: Run, at index: Int) {
    runs[index] = run
    run.first._withUnsafeGuaranteedRef { $0.place = .first(index) }
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    let moving = runs[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard moving.isBefore(runs[parent]) else { break }
      place(runs[parent], at: index)
      index = parent
    }
    place(moving, at: index)
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    let moving = runs[index]
    while true {
      var child = 2 &* index &+ 1
      guard child < runs.count else { break }
      if child &+ 1 < runs.count, runs[child &+ 1].isBefore(runs[child]) { child &+= 1 }
      guard runs[child].isBefore(moving) else { break }
      place(runs[child], at: index)
      index = child
    }
    place(moving, at: index)
  }
}

/// Where a timer stands in its queue.
struct TimerPlace: Equatable {
  /// Its run's index in the heap where it is a run's first; below zero elsewhere.
  let index: Int

  static var outside: TimerPlace { TimerPlace(index: -1) }
  /// Behind another timer of its run.
  static var behind: TimerPlace { TimerPlace(index: -2) }
  static func first(_ index: Int) -> TimerPlace { TimerPlace(index: index) }
}
