import CLinux
import Glibc
import Synchronization
import Trace

/// The file that a recorder writes into, mapped, and what the recorder keeps in ordinary memory.
final class Ring {
  private static let ordinal = Atomic<UInt32>(0)

  let base: UnsafeMutableRawPointer
  let regions: RingLayout.Regions
  let freeOperations: UnsafeMutablePointer<UInt16>
  let operationLabels: UnsafeMutablePointer<UInt16>
  let freeLabels: UnsafeMutablePointer<UInt16>
  let chains: UnsafeMutablePointer<UInt64>
  // Looked into by the loop's thread alone, at every registration: the runtime's check would be half of that.
  @exclusivity(unchecked) var sites = SiteTable()
  /// Where the label of a watched descriptor stands in the live table.
  var descriptorLabels: [Int32: UInt64] = [:]
  private var usagesSinceAnchor = 0

  /// Makes, reserves, populates and announces a ring in the folder of rings.
  ///
  /// - Throws: `RingError`, after having tried smaller ones where memory was short.
  init(name: String, poll: String, options: Recorder.Options, anchor: () -> Anchor) throws(RingError) {
    let path = options.folder ?? RingFolder.path
    let folder = try RingFolder.open(path, create: true)
    defer { close(folder) }
    if RingBudget.isNew(getpid()) { DeadRings.prune(in: folder) }
    let identity = ProcessIdentity(running: getpid()) ?? ProcessIdentity(pid: getpid(), started: 0)
    let ordinal = Ring.ordinal.add(1, ordering: .relaxed).newValue
    (base, regions) = try Ring.map(identity, ordinal, in: folder)
    // Private to the writer, and copied into a forked child, where nothing refers to them any more.
    freeOperations = Ring.freePlaces(regions.operations.count)
    operationLabels = .allocate(capacity: regions.operations.count)
    operationLabels.initialize(repeating: 0, count: regions.operations.count)
    freeLabels = Ring.freePlaces(regions.labels.count)
    chains = .allocate(capacity: RecorderState.stackSize)
    chains.initialize(repeating: 0, count: RecorderState.stackSize)
    RingHeader(
      process: ProcessInfo(
        pid: identity.pid, started: identity.started, command: ProcessIdentity.commandLine, runtime: options.runtime),
      pidNamespace: ProcessIdentity.namespace, bootID: ProcessIdentity.bootID, user: getuid(), ordinal: ordinal,
      thread: ll_gettid(), name: name, poll: poll, counter: options.clock.counter, anchor: anchor(), regions: regions
    ).write(to: base)
  }

  deinit {
    let unused = unusedRanges
    // On a tmpfs this frees the pages; where it cannot, the file merely stays as large as it was.
    for range in unused { madvise(base + range.lowerBound, range.count, MADV_REMOVE) }
    munmap(base, regions.totalSize)
    RingBudget.closed(regions.totalSize, kept: regions.totalSize - unused.reduce(0) { $0 + $1.count })
    freeOperations.deallocate()
    operationLabels.deallocate()
    freeLabels.deallocate()
    chains.deallocate()
  }

  /// Whole pages of the file that the loop never came to.
  private var unusedRanges: [Range<Int>] {
    typealias Live = RingLayout.Live
    let tables = [
      (regions.definitions, Live.definitionsLength, 1),
      (regions.operations, Live.operationsUsed, RingLayout.operationSize),
      (regions.labels, Live.labelsUsed, RingLayout.labelSize), (regions.events, Live.head, RingLayout.slotSize),
    ]
    let page = RecorderState.pageSize
    return tables.compactMap { region, word, size in
      let used = min((base + word).load(as: UInt64.self), UInt64(region.count))
      let begin = (region.offset + Int(used) * size + page - 1) / page * page
      let end = (region.offset + region.count * size) / page * page
      return begin < end ? begin..<end : nil
    }
  }

  private static func freePlaces(_ count: Int) -> UnsafeMutablePointer<UInt16> {
    let places = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
    for index in 0..<count { places[index] = UInt16(count - 1 - index) }
    return places
  }

  /// The largest ring that there is room for: /dev/shm may be small, as in a container.
  private static func map(_ process: ProcessIdentity, _ ordinal: UInt32, in folder: Int32) throws(RingError)
    -> (UnsafeMutableRawPointer, RingLayout.Regions)
  {
    let file = RingFile.name(of: process, ordinal: ordinal)
    let descriptor = ll_openat(folder, file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .ring(file, .errno(errno)) }
    defer { close(descriptor) }
    var problem: Int32 = 0
    for exponent in [18, 16, 14, 12] {
      let regions = RingLayout.Regions(eventSlotsExponent: exponent)
      let hasRoom = RingBudget.hasRoom(for: regions.totalSize, in: folder, of: process)
      if exponent > 12, !hasRoom { continue }
      // Reserved now: a page missing later would be a SIGBUS in the traced program.
      guard ll_fallocate(descriptor, 0, Int64(regions.totalSize)) == 0 else {
        problem = errno
        ftruncate(descriptor, 0)
        continue
      }
      let base = mmap(nil, regions.totalSize, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)!
      guard base != MAP_FAILED else {
        problem = errno
        break
      }
      // A forked child must not find its parent's ring in its memory. Populating is for speed alone: it may fail.
      madvise(base, regions.totalSize, MADV_DONTFORK)
      _ = ll_madvise_populate_write(base, regions.totalSize)
      RingBudget.opened(regions.totalSize)
      return (base, regions)
    }
    unlinkat(folder, file, 0)
    throw .ring(file, .errno(problem))
  }

  /// Whether it is time to read all clocks again: every tenth time that it is asked.
  func anchorIsDue() -> Bool {
    usagesSinceAnchor += 1
    guard usagesSinceAnchor >= 10 else { return false }
    usagesSinceAnchor = 0
    return true
  }

  /// The id of a site that was not met before: defined in the ring, or the unknown one where its table is full.
  func define(_ site: Site, in state: UnsafeMutablePointer<RecorderState>) -> RingSite {
    sites.define(site) { id in
      let function = site.function.utf8.prefix(200)
      let file = site.file.utf8.suffix(200)
      let length = (16 + function.count + file.count + 7) & ~7
      let published = state.pointee.live(RingLayout.Live.definitionsLength)
      let used = Int(truncatingIfNeeded: published.pointee)
      guard used >= 0, used + length <= regions.definitions.count else { return false }
      let entry = base + regions.definitions.offset + used
      entry.storeBytes(of: UInt32(length), as: UInt32.self)
      entry.storeBytes(of: id, toByteOffset: 4, as: UInt16.self)
      entry.storeBytes(of: 1, toByteOffset: 6, as: UInt16.self)
      entry.storeBytes(of: site.line, toByteOffset: 8, as: UInt32.self)
      entry.storeBytes(of: UInt16(function.count), toByteOffset: 12, as: UInt16.self)
      entry.storeBytes(of: UInt16(file.count), toByteOffset: 14, as: UInt16.self)
      for (index, byte) in function.enumerated() {
        entry.storeBytes(of: byte, toByteOffset: 16 + index, as: UInt8.self)
      }
      for (index, byte) in file.enumerated() {
        entry.storeBytes(of: byte, toByteOffset: 16 + function.count + index, as: UInt8.self)
      }
      ll_store_release(published, UInt64(used + length))
      return true
    }
  }
}
