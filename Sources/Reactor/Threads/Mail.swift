import Recorder

/// What other threads send to the loop. Small: each byte goes from one core's cache to another's.
struct Mail: ~Copyable, Sendable {
  enum Content: ~Copyable, Sendable {
    /// To run this on the loop.
    case call(@Sendable (Reactor) throws -> Void, CallSite)
    /// A pool thread finished a call.
    case result(PoolResult)
    /// An async function can go on.
    case job(Job)

    /// The job, if it is one.
    var job: Job? {
      switch self {
      case .job(let job): job
      default: nil
      }
    }
  }

  let content: Content
  /// When it was posted.
  let moment: RingMoment
}

/// Mail that the loop has taken, to be run from where it lies in this tick's ready phase.
struct TakenMail: ~Copyable {
  private var items = PlainBuffer<Mail>()
  /// Where the recorder knows each of them from: none while it is off.
  private var entries = PlainBuffer<QueuedEntry>()
  /// The next one; those before it were moved out.
  private var position = 0

  /// How many are to be run.
  var count: Int { items.count - position }

  /// Takes what there is, unless some of what was taken before is still to be run: a callback of it may end the reactor.
  mutating func take(from remote: Remote) -> Bool {
    if count > 0 { return false }
    forgetAll()
    remote.take(into: &items)
    return true
  }

  /// Has each of them entered by `body` with the recorder.
  mutating func enter(_ body: (borrowing Mail) -> QueuedEntry) {
    for index in 0..<items.count { entries.append(body(items[index])) }
  }

  /// Moves the next one out; `nil` after the last.
  @inline(__always)
  mutating func next() -> Mail? {
    if position == items.count {
      forgetAll()
      return nil
    }
    position += 1
    return (items.elements + (position - 1)).move()
  }

  private mutating func forgetAll() {
    items.forgetAll()
    entries.forgetAll()
    position = 0
  }

  /// Where the recorder knows that one from which `next` gave last.
  var entry: QueuedEntry { entries.isEmpty ? QueuedEntry.none : entries[position - 1] }
}

/// Where the recorder knows something from that is to run: what its span refers to.
struct QueuedEntry {
  let site: RingSite
  let operation: RingOperation

  /// Not recorded.
  static var none: QueuedEntry { QueuedEntry(site: .none, operation: .none) }
}
