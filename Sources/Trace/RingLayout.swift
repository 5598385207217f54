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

/// What the raw times of a ring count.
public enum RingCounter: UInt8, Sendable {
  /// Nanoseconds of `CLOCK_MONOTONIC`.
  case nanoseconds
  /// The processor's constant-rate counter; anchors tie it to the clock.
  case processor
  /// Nanoseconds of a virtual clock, which no reader can read.
  case virtual
}

/// Where in its life a ring is.
public enum RingState: UInt64, Sendable {
  /// Its header is being written.
  case opening
  /// Its loop runs, or its process was killed: see whether the process is there.
  case open
  /// Its loop ended in good order.
  case ended
}

/// What an event slot's first byte says it is.
public enum SlotKind: UInt8, Sendable {
  /// Never written.
  case empty
  /// Continues the event before it: 15 bytes of text, or a word of seven bytes and one of eight.
  case more
  case loopBegan, loopEnded
  case pollEntered, pollReturned
  case created
  case queued, queuedOperation
  case began, beganDue, beganChain, ended
  case settled, awaits
  case chainNamed, marked
  case watched, unwatched
  case pool, poolBegan, poolEnded
  case unhandled
  case used, anchor
}

/// The first word of a slot: kind, eight bits of flags, and the lower 48 bits of the counter.
public struct SlotWord: Sendable {
  /// The word.
  public var raw: UInt64
  /// Wraps a word.
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// Packs a word; the counter's upper 16 bits stand in the poll events.
  @inlinable public init(_ kind: SlotKind, flags: UInt8 = 0, counter: UInt64) {
    raw = UInt64(kind.rawValue) | UInt64(flags) << 8 | counter << 16
  }
  /// The kind, as a number that may be one of a later version's.
  @inlinable public var kind: UInt8 { UInt8(truncatingIfNeeded: raw) }
  /// The flags.
  @inlinable public var flags: UInt8 { UInt8(truncatingIfNeeded: raw >> 8) }
  /// The lower 48 bits of the counter.
  @inlinable public var counter: UInt64 { raw >> 16 }
}

/// The flags of `created`: the operation's kind in the low five bits.
public enum CreatedFlags {
  /// It delivers again and again.
  public static let standing: UInt8 = 0x80
  /// A continuation holds its due time (`CLOCK_MONOTONIC` ns, in the second word).
  public static let due: UInt8 = 0x40
  /// A continuation holds its descriptor (in the first word's upper 32 bits).
  public static let descriptor: UInt8 = 0x20
}

/// What an entry of the table of labels names.
public enum LabelKind: UInt64, Sendable {
  /// A chain in flight.
  case chain = 1
  /// A watched descriptor.
  case descriptor = 2
}

/// What a ring's header says: who writes it, how it counts time, where its tables stand.
public struct RingHeader: Hashable, Sendable {
  /// The process.
  public var process: ProcessInfo
  /// Its pid namespace, as an inode.
  public var pidNamespace: UInt64
  /// The boot in which it was written, 16 bytes.
  public var bootID: [UInt8]
  /// The writer's user.
  public var user: UInt32
  /// Which of its process's loops this is, from 1.
  public var ordinal: UInt32
  /// The kernel's id of the loop's thread.
  public var thread: Int32
  /// The loop's name.
  public var name: String
  /// How it polls.
  public var poll: String
  /// What the raw times count.
  public var counter: RingCounter
  /// All clocks when the ring was opened.
  public var anchor: Anchor
  /// Where the tables stand.
  public var regions: RingLayout.Regions

  /// A header from its parts.
  public init(
    process: ProcessInfo, pidNamespace: UInt64, bootID: [UInt8], user: UInt32, ordinal: UInt32, thread: Int32,
    name: String, poll: String, counter: RingCounter, anchor: Anchor, regions: RingLayout.Regions
  ) {
    self.process = process
    self.pidNamespace = pidNamespace
    self.bootID = bootID
    self.user = user
    self.ordinal = ordinal
    self.thread = thread
    self.name = name
    self.poll = poll
    self.counter = counter
    self.anchor = anchor
    self.regions = regions
  }

  /// Writes all but the live words into the first page of a ring.
  public func write(to page: UnsafeMutableRawPointer) {
    typealias Offset = RingLayout.Header
    page.storeBytes(of: RingLayout.major, toByteOffset: Offset.major, as: UInt16.self)
    page.storeBytes(of: RingLayout.minor, toByteOffset: Offset.minor, as: UInt16.self)
    page.storeBytes(of: counter.rawValue, toByteOffset: Offset.counter, as: UInt8.self)
    page.storeBytes(of: UInt64(regions.totalSize), toByteOffset: Offset.totalSize, as: UInt64.self)
    for (index, region) in regions.all.enumerated() {
      page.storeBytes(of: UInt64(region.offset), toByteOffset: Offset.regions + 16 * index, as: UInt64.self)
      page.storeBytes(of: UInt64(region.count), toByteOffset: Offset.regions + 16 * index + 8, as: UInt64.self)
    }
    page.storeBytes(of: process.pid, toByteOffset: Offset.pid, as: Int32.self)
    page.storeBytes(of: thread, toByteOffset: Offset.thread, as: Int32.self)
    page.storeBytes(of: pidNamespace, toByteOffset: Offset.pidNamespace, as: UInt64.self)
    page.storeBytes(of: process.started, toByteOffset: Offset.started, as: UInt64.self)
    for (index, byte) in bootID.prefix(16).enumerated() {
      page.storeBytes(of: byte, toByteOffset: Offset.bootID + index, as: UInt8.self)
    }
    page.storeBytes(of: user, toByteOffset: Offset.user, as: UInt32.self)
    page.storeBytes(of: ordinal, toByteOffset: Offset.ordinal, as: UInt32.self)
    page.storeBytes(of: anchor.counter, toByteOffset: Offset.anchor, as: UInt64.self)
    page.storeBytes(of: anchor.monotonic.nanoseconds, toByteOffset: Offset.anchor + 8, as: Int64.self)
    page.storeBytes(of: anchor.boottime, toByteOffset: Offset.anchor + 16, as: Int64.self)
    page.storeBytes(of: anchor.realtime, toByteOffset: Offset.anchor + 24, as: Int64.self)
    write(name, to: page, Offset.name)
    write(poll, to: page, Offset.poll)
    write(process.runtime, to: page, Offset.runtime)
    write(process.command, to: page, Offset.command)
    // Last, so that half a header is no ring yet.
    page.storeBytes(of: RingLayout.magic, toByteOffset: Offset.magic, as: UInt64.self)
  }

  private func write(_ text: String, to page: UnsafeMutableRawPointer, _ field: Range<Int>) {
    for (offset, byte) in zip(field.dropLast(), text.utf8) {
      page.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }
  }

  /// Reads and checks a ring's first page.
  ///
  /// - Parameters:
  ///   - page: at least `RingLayout.Header.size` bytes.
  ///   - fileSize: no table may reach beyond it.
  ///   - file: for the error.
  public init(parsing page: UnsafeRawBufferPointer, fileSize: Int, file: String) throws(RingError) {
    typealias Offset = RingLayout.Header
    guard page.count >= Offset.size, page.loadUnaligned(as: UInt64.self) == RingLayout.magic else {
      throw .ring(file, .notARing)
    }
    let major = page.loadUnaligned(fromByteOffset: Offset.major, as: UInt16.self)
    let minor = page.loadUnaligned(fromByteOffset: Offset.minor, as: UInt16.self)
    guard major <= RingLayout.major else { throw .ring(file, .laterVersion(major: major, minor: minor)) }
    let regions = (0..<5).map { index -> RingLayout.Region in
      let offset = page.loadUnaligned(fromByteOffset: Offset.regions + 16 * index, as: UInt64.self)
      let count = page.loadUnaligned(fromByteOffset: Offset.regions + 16 * index + 8, as: UInt64.self)
      return RingLayout.Region(offset: Int(clamping: offset), count: Int(clamping: count))
    }
    guard let regions = RingLayout.Regions(checking: regions, fileSize: fileSize),
      let counter = RingCounter(rawValue: page[Offset.counter])
    else { throw .ring(file, .inconsistent) }
    func text(_ field: Range<Int>) -> String {
      String(decoding: page[field].prefix { $0 != 0 }, as: UTF8.self)
    }
    self.init(
      process: ProcessInfo(
        pid: page.loadUnaligned(fromByteOffset: Offset.pid, as: Int32.self),
        started: page.loadUnaligned(fromByteOffset: Offset.started, as: UInt64.self),
        command: text(Offset.command), runtime: text(Offset.runtime)),
      pidNamespace: page.loadUnaligned(fromByteOffset: Offset.pidNamespace, as: UInt64.self),
      bootID: Array(page[Offset.bootID..<Offset.bootID + 16]),
      user: page.loadUnaligned(fromByteOffset: Offset.user, as: UInt32.self),
      ordinal: page.loadUnaligned(fromByteOffset: Offset.ordinal, as: UInt32.self),
      thread: page.loadUnaligned(fromByteOffset: Offset.thread, as: Int32.self),
      name: text(Offset.name), poll: text(Offset.poll), counter: counter,
      anchor: Anchor(
        counter: page.loadUnaligned(fromByteOffset: Offset.anchor, as: UInt64.self),
        monotonic: Instant(page.loadUnaligned(fromByteOffset: Offset.anchor + 8, as: Int64.self)),
        boottime: page.loadUnaligned(fromByteOffset: Offset.anchor + 16, as: Int64.self),
        realtime: page.loadUnaligned(fromByteOffset: Offset.anchor + 24, as: Int64.self)),
      regions: regions)
  }
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
