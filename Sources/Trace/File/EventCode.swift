/// The number of each kind of event in a chunk. Append, never renumber; the numbers of the four lists are taken too.
enum EventCode: UInt8, CaseIterable {
  case loopBegan = 1, loopEnded, pollEntered, pollReturned, created, queued, began, ended, settled, awaits
  case chainNamed, marked, watched, unwatched, pool, poolBegan, poolEnded, unhandled, used, anchor, gap, checkpoint
  /// The lists of checkpoints have columns like a kind of event, but no events.
  case openOperations = 24, openSpans, namedChains, watchedDescriptors

  /// Whether an event can be of this kind.
  var isEvent: Bool { rawValue <= EventCode.checkpoint.rawValue }

  /// Whether each event of the kind takes the next text; `settled` says so in its flags.
  var hasText: Bool {
    switch self {
    case .chainNamed, .marked, .watched, .unhandled: true
    default: false
    }
  }
}

/// The number of a column: the kind whose field it is, sixteen fields a kind. Field 0 is the time.
struct ColumnID: Hashable {
  let number: Int

  init(_ code: EventCode, _ field: Int) { number = Int(code.rawValue) << 4 | field }
  private init(_ number: Int) { self.number = number }

  /// The shape of each event.
  static let codes = ColumnID(0)
  /// The shapes, eight bytes each.
  static let shapes = ColumnID(1)
  /// The first event's time, and what is added to an event's index to foretell its own id.
  static let start = ColumnID(2)
  /// The length of each text in bytes.
  static let textLengths = ColumnID(3)
  /// The texts' UTF-8, one after the other.
  static let textBytes = ColumnID(4)
  /// Operations that the chunk has not seen.
  static let outside = ColumnID(5)

  /// The first number past those of this version's columns.
  static let limit = 28 << 4

  /// The time of a kind, also of one that this version does not know.
  @inline(__always) static func time(ofKind raw: UInt8) -> Int { Int(raw) << 4 }
}

/// All of an event that repeats: its kind, its enumerations, its site, and how its other fields are to be foretold.
///
/// A program has few of them, so an event begins with a number of one byte, and a reader unpacks the rest once a chunk.
struct Shape: Hashable {
  /// Kind in bits 0–7, flags in 8–15, first and second enumeration in 16–23 and 24–31, site in 32–63.
  var raw: UInt64

  init(raw: UInt64) { self.raw = raw }

  init(_ code: EventCode, flags: UInt8 = 0, _ first: UInt8 = 0, _ second: UInt8 = 0, site: SiteID = .unknown) {
    raw = UInt64(code.rawValue) | UInt64(flags) << 8 | UInt64(first) << 16 | UInt64(second) << 24
    raw |= UInt64(site.index) << 32
  }

  @inline(__always) var kind: UInt8 { UInt8(truncatingIfNeeded: raw) }
  @inline(__always) var flags: UInt8 { UInt8(truncatingIfNeeded: raw >> 8) }
  @inline(__always) var first: UInt8 { UInt8(truncatingIfNeeded: raw >> 16) }
  @inline(__always) var second: UInt8 { UInt8(truncatingIfNeeded: raw >> 24) }
  @inline(__always) var site: SiteID { SiteID(UInt32(truncatingIfNeeded: raw >> 32)) }

  /// In the flags of a kind whose text is optional: the event has one.
  static let text: UInt8 = 0x80
  /// In the flags of `created`, bits 4, 5 and 6.
  static let standing: UInt8 = 0x10, due: UInt8 = 0x20, descriptor: UInt8 = 0x40
  /// In the flags of `queued`, bit 7: its moment is that of the last pool call's end.
  static let atPoolEnd: UInt8 = 0x80
  /// In the flags of `began`, bit 5.
  static let startsChain: UInt8 = 0x20
  /// In the flags of `ended`, bits 0 and 1.
  static let otherSpan: UInt8 = 1, threw: UInt8 = 2
}

/// How a shape says which operation is meant.
enum ReferenceMode: UInt8 {
  /// None at all; of a `queued`: its own.
  case none
  /// That of the innermost open span.
  case innermost
  /// That of the span that ended last.
  case lastEnded
  /// An entry of the chunk's list of queued callbacks.
  case queue
  /// An entry of the chunk's list of operations.
  case known
  /// One that the chunk has not seen: the difference to the last such one.
  case outside
}

/// How a shape says which span or chain is meant.
enum ContextMode: UInt8 {
  /// None at all.
  case none
  /// The innermost open span; the chain of it.
  case innermost
  /// Of a chain only: the one that the innermost open span began.
  case begun
  /// Any other: the difference to the last such one.
  case other
}

/// How a shape says when a callback was ready.
enum ReadyMode: UInt8 {
  /// Not at all.
  case none
  /// When its operation was due, or its entry in the queue was made.
  case foretold
  /// Otherwise: the time from then to the begin.
  case other
}

/// From where a shape counts the time until an operation is due: programs read the clock once a tick, or each time.
enum DueBase: UInt8 {
  /// The last poll's return.
  case pollReturned
  /// The event.
  case event
}

/// How a shape says what a poll's time-out is.
enum TimeoutMode: UInt8 {
  /// Without limit.
  case none
  /// No time at all.
  case zero
  /// The last one that was neither.
  case same
  /// Otherwise: the difference of the moment when it is over to the last such moment.
  case other
}
