import Trace

/// When a callback could have begun.
struct Readiness {
  /// From here on it was ready for certain.
  var certain: Instant
  /// From here on it may have been; never after `certain`.
  var earliest: Instant
}

/// The polls of one loop, as far as they tell when a descriptor can have become ready.
struct PollHistory {
  /// A poll that took longer than this has waited. One that did not wait takes a few microseconds, and more where many
  /// descriptors are ready or the thread is preempted: taken for one that waited it would hide who was waited for, while
  /// one that waited and is taken for one that did not only makes an upper bound wider.
  static let shortestWait = Nanoseconds.microseconds(50)

  /// The return that began the pass, where it was seen, with the earliest moment at which what it reported can have been ready.
  private(set) var reported: Readiness?
  /// The return before that.
  private(set) var before: Instant?
  private var entry: (time: Instant, mayWait: Bool)?

  /// The loop goes to poll.
  @inline(__always)
  mutating func enter(at time: Instant, timeout: Nanoseconds?) {
    if let reported { before = reported.certain }
    reported = nil
    entry = (time, timeout != .zero)
  }

  /// The poll returned; tells whether it has waited.
  @inline(__always)
  mutating func leave(at time: Instant) -> Bool {
    guard let entry else {
      reported = Readiness(certain: time, earliest: time)
      return false
    }
    let hasWaited = entry.mayWait && time - entry.time > Self.shortestWait
    // What was ready at the poll before would have been reported by it.
    reported = Readiness(certain: time, earliest: hasWaited ? entry.time : before ?? entry.time)
    self.entry = nil
    return hasWaited
  }

  /// Events are missing.
  mutating func lose() { self = PollHistory() }
}

extension Readiness {
  /// What a span's begin says of when it was ready, or what is known of its queue entry, its timer or the poll that reported it.
  ///
  /// `nil` for a step that runs inside the callback that fired it: it was never queued and has waited for nothing.
  @inline(__always)
  init?(of span: Event.Began, at time: Instant, queued: Instant?, due: Instant?, polls: PollHistory, isNested: Bool) {
    if let said = span.ready?.bounded ?? queued {
      self.init(certain: min(said, time), earliest: min(said, time))
    } else if isNested {
      return nil
    } else if span.kind == .timer, let due = due?.bounded {
      self.init(certain: min(due, time), earliest: min(due, time))
    } else if span.kind == .io || span.trigger == .poll, let reported = polls.reported {
      self = reported
    } else {
      return nil
    }
  }
}
