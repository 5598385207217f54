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
