// The ring's file, as the recorder writes it and the reader checks it; FORMAT.md says the same byte by byte. All numbers
// are little-endian, as is every machine that this runs on.

/// Where things stand in a ring's file.
public enum RingLayout {
  /// "LOOPRING" as the file's first eight bytes.
  public static let magic: UInt64 = 0x474E_4952_504F_4F4C
  /// A reader refuses a later one.
  public static let major: UInt16 = 1
  /// A reader skips what a later one added.
  public static let minor: UInt16 = 0

  /// Bytes of an event slot: the unit in which the ring is written; longer events take several.
  public static let slotSize = 16
  /// The most slots that one event takes, its first included.
  public static let maximumEventSlots = 17
  /// The longest inline text in bytes: what fits into the continuations of one event.
  public static let maximumTextLength = 15 * (maximumEventSlots - 1)
  /// Bytes of an entry of the table of open operations.
  public static let operationSize = 32
  /// Bytes of an entry of the table of labels: chains' names, descriptors' peers.
  public static let labelSize = 64
  /// The longest label in bytes.
  public static let maximumLabelLength = 40
  /// Bytes of an entry of the stack of open spans.
  public static let stackEntrySize = 32

  /// Offsets of the header's fields, written once before the ring is announced.
  public enum Header {
    /// Bytes of the whole header.
    public static let size = 4096
    static let magic = 0
    static let major = 8
    static let minor = 10
    static let counter = 12
    static let totalSize = 16
    static let regions = 24
    static let pid = 104
    static let thread = 108
    static let pidNamespace = 112
    static let started = 120
    static let bootID = 128
    static let user = 144
    static let ordinal = 148
    static let anchor = 152
    static let name = 192..<256
    static let poll = 256..<288
    static let runtime = 288..<352
    static let command = 352..<864
  }

  /// Offsets of the words that the writer changes as it goes, from the file's start; one cache line and a half.
  public enum Live {
    /// Slots ever published: the position of the next event. Stored last, with release order.
    public static let head = 1024
    /// Bytes of the definitions published.
    public static let definitionsLength = 1032
    /// A `RingState`.
    public static let state = 1040
    /// Open spans; of those past the stack's size only the count is kept.
    public static let depth = 1048
    /// Entries of the table of operations ever used: what a reader has to scan.
    public static let operationsUsed = 1056
    /// Entries of the table of labels ever used.
    public static let labelsUsed = 1064
    /// Callbacks in the ready queue.
    public static let readyQueue = 1072
    /// Pool calls queued (low half) and running (high half).
    public static let pool = 1080
    /// Open operations that found no place in the table.
    public static let unlisted = 1088
    /// `RingContinuations`: what a reader needs to count the events that it missed.
    public static let continuations = 1096
  }

  /// A table in the ring's file.
  public struct Region: Hashable, Sendable {
    /// Bytes from the file's start.
    public var offset: Int
    /// Entries (bytes, for the definitions).
    public var count: Int
  }

  /// Where the tables stand; chosen by the writer and checked by the reader.
  public struct Regions: Hashable, Sendable {
    /// Sites, append-only.
    public var definitions: Region
    /// Open operations.
    public var operations: Region
    /// Names of chains in flight, and what watched descriptors are.
    public var labels: Region
    /// Open spans.
    public var stack: Region
    /// The event ring; a power of two of slots.
    public var events: Region

    /// The regions of a ring with 2^`exponent` slots, one behind the other, tables in proportion.
    ///
    /// 18 is 4 MiB of events and 1 MiB of tables: 16384 open operations, 4096 labels, some 3500 sites.
    /// - Parameter exponent: 10 … 18, so that a place in a table fits into 16 bits.
    public init(eventSlotsExponent exponent: Int) {
      precondition((10...18).contains(exponent), "a ring has 2^10 to 2^18 slots, not 2^\(exponent)")
      stack = Region(offset: Header.size, count: 64)
      definitions = Region(offset: 2 * Header.size, count: max(1 << exponent, 64 << 10))
      operations = Region(offset: definitions.offset + definitions.count, count: 1 << (exponent - 4))
      labels = Region(offset: operations.offset + operations.count * operationSize, count: 1 << (exponent - 6))
      events = Region(offset: labels.offset + labels.count * labelSize, count: 1 << exponent)
    }

    init(definitions: Region, operations: Region, labels: Region, stack: Region, events: Region) {
      self.definitions = definitions
      self.operations = operations
      self.labels = labels
      self.stack = stack
      self.events = events
    }

    /// Bytes of the whole file.
    public var totalSize: Int { events.offset + events.count * slotSize }
  }
}

/// How many slots so far continue another, and where the last event that has such slots ends (the position's lower 24
/// bits); stored just before that event is published, so that events of one slot cost nothing.
public struct RingContinuations: Sendable {
  /// The word.
  public var raw: UInt64
  /// Wraps a word.
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// Another event of `more` continuations, that ends before `position`.
  @inlinable public func adding(_ more: UInt64, upTo position: UInt64) -> RingContinuations {
    RingContinuations(raw: (raw >> 24 &+ more) << 24 | position & 0xFF_FFFF)
  }
  /// How many slots continue another.
  @inlinable public var count: UInt64 { raw >> 24 }
  /// Slots from a position to where the last of them ends; huge where that is behind it.
  @inlinable public func distance(from position: UInt64) -> UInt64 { (raw &- position) & 0xFF_FFFF }
}

extension RingLayout.Regions {
  // In the order of the header's fields.
  var all: [RingLayout.Region] { [definitions, operations, labels, stack, events] }

  /// Regions read from a file; `nil` where one reaches out of it, or is far larger than any writer makes it.
  init?(checking all: [RingLayout.Region], fileSize: Int) {
    let units = [1, RingLayout.operationSize, RingLayout.labelSize, RingLayout.stackEntrySize, RingLayout.slotSize]
    let limits = [1 << 24, 1 << 16, 1 << 16, 1 << 12, 1 << 20]
    for (region, (size, limit)) in zip(all, zip(units, limits)) {
      guard region.offset >= RingLayout.Header.size, region.offset <= fileSize, region.count >= 0,
        region.count <= limit, region.count * size <= fileSize - region.offset
      else { return nil }
    }
    self.init(definitions: all[0], operations: all[1], labels: all[2], stack: all[3], events: all[4])
    guard events.count >= 2 * RingLayout.maximumEventSlots, events.count & (events.count - 1) == 0 else { return nil }
  }
}
