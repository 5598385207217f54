/// A position that is an event's begin, and how many events are ahead of it in the ring's life (wrapping: a ring may lie).
struct RingPlace {
  var position: UInt64
  var events: UInt64

  /// How many events begin in these slots.
  static func events(in slots: UnsafeRawBufferPointer) -> UInt64 {
    var events: UInt64 = 0
    for offset in stride(from: 0, to: slots.count, by: RingLayout.slotSize)
    where slots[offset] != SlotKind.more.rawValue {
      events &+= 1
    }
    return events
  }

  /// A head as read, the word of continuations as read behind it, and the head as read again.
  ///
  /// The word is stored before the event that it counts is published. So one that was read behind a head counts all that
  /// the head has, and at most events that ended behind it: then the place is where the last of those ends.
  init(head: UInt64, word: RingContinuations, after: UInt64) {
    let ahead = word.distance(from: head)
    let moved = after - head
    if ahead == 0 || ahead > moved + UInt64(RingLayout.maximumEventSlots) {
      self.init(position: head, events: head &- word.count)
    } else if ahead <= moved {
      self.init(position: head + ahead, events: head + ahead &- word.count)
    } else {
      // Counted and not published: the head has stood still since, before the event's slots.
      self.init(position: after, events: after &- (word.count &- (ahead - moved - 1)))
    }
  }

  init(position: UInt64, events: UInt64) {
    self.position = position
    self.events = events
  }
}

/// Slots as copied out of a ring, of which none was written over meanwhile.
struct RingWindow {
  /// The slots from `begin` on.
  var slots: [UInt8]
  /// Where they begin.
  var begin: RingPlace
  /// Where what is published ended, after the table was copied.
  var end: UInt64
  /// Whether slots between the last place read and `begin` are gone.
  var isBehind: Bool
  /// The live table as it was at `known` or later; always there for one that is behind.
  var table: LiveTable?
  /// The head before the table was copied.
  var known: UInt64

  /// What to decode: at most `limit` slots, up to the last event that is surely whole.
  func wholeEvents(_ bytes: UnsafeRawBufferPointer, limit: Int) -> UnsafeRawBufferPointer {
    let count = bytes.count / RingLayout.slotSize
    guard count >= limit else { return bytes }
    var last = limit - 1
    while last > 0, bytes[last * RingLayout.slotSize] == SlotKind.more.rawValue { last -= 1 }
    // No event is as long as that: the ring lies, and must not keep its reader at this place forever.
    if last == 0 { last = limit }
    return UnsafeRawBufferPointer(rebasing: bytes[..<(last * RingLayout.slotSize)])
  }
}
