import CLinux
import Glibc
import Trace

/// A ring whose tables, counts and slots lie, and whose writer goes on between two reads.
enum RingTarget {
  private static let folder: Int32 = {
    let name = "/dev/shm/looptop-fuzz-\(getpid())"
    precondition(mkdir(name, 0o700) == 0, "no folder for the ring")
    let folder = ll_open(name, O_RDONLY | O_DIRECTORY, 0)
    ring = ll_openat(folder, "fuzz.ring", O_RDWR | O_CREAT, 0o600)
    return folder
  }()
  nonisolated(unsafe) private static var ring: Int32 = -1

  /// 4 KiB of header, then 256 bytes each of stack, definitions, operations and labels, then 64 slots.
  private static let size = RingLayout.Header.size + 4 * 256 + 64 * RingLayout.slotSize
  private static let liveWords = RingLayout.Live.head..<(RingLayout.Live.continuations + 8)
  /// Of the input: eight patches of the header, then the live words and the tables for each of two reads.
  private static let patches = 24
  private static let state = liveWords.count + size - RingLayout.Header.size

  static func run(_ data: UnsafeRawBufferPointer) -> Int32 {
    let folder = Self.folder
    var file = template
    let patches = data.prefix(Self.patches)
    for index in 0..<(patches.count / 3) where patches[3 * index + 2] != 0 {
      let place = Int(patches[3 * index]) | Int(patches[3 * index + 1]) << 8
      // The magic stays: what has none is refused at once.
      if place >= 8, place < RingLayout.Header.size { file[place] ^= patches[3 * index + 2] }
    }
    var rest = data.dropFirst(Self.patches)
    lay(rest.prefix(state), into: &file)
    write(file)
    guard let reader = try? RingReader("fuzz.ring", in: folder, loop: LoopID(1)) else { return 0 }
    var sites = Definitions()
    for turn in 0..<3 {
      let batch = reader.read(checkpoint: turn != 1, aliveAt: turn == 2 ? Instant(1 << 40) : nil) { sites.id(of: $0) }
      check(batch)
      rest = rest.dropFirst(state)
      guard !rest.isEmpty else { break }
      lay(rest.prefix(state), into: &file)
      write(file)
    }
    return 0
  }

  /// What is read must be in order, and must be writable into a trace.
  private static func check(_ batch: Batch?) {
    guard let batch else { return }
    precondition(zip(batch.events, batch.events.dropFirst()).allSatisfy { $0.time <= $1.time }, "time went back")
    guard let payload = try? ChunkCodec.encode(batch) else { preconditionFailure("a batch that no chunk can hold") }
    var header = ChunkHeader(kind: .events)
    header.loop = batch.loop
    header.events = UInt32(batch.events.count)
    precondition((try? ChunkCodec.decode(payload, under: header))?.events == batch.events, "not read as it was written")
  }

  private static func lay(_ bytes: Slice<UnsafeRawBufferPointer>, into file: inout [UInt8]) {
    for (offset, byte) in bytes.enumerated() {
      let place =
        offset < liveWords.count
        ? liveWords.lowerBound + offset : RingLayout.Header.size + offset - liveWords.count
      file[place] = byte
    }
  }

  private static func write(_ file: [UInt8]) {
    precondition(pwrite(ring, file, file.count, 0) == file.count, "the ring cannot be written")
  }

  private static let template: [UInt8] = {
    let header = RingHeader(
      process: ProcessInfo(pid: 1, started: 1, command: "fuzz", runtime: "fuzz"), pidNamespace: 1,
      bootID: ProcessIdentity.bootID, user: getuid(), ordinal: 0, thread: 1, name: "fuzz", poll: "none",
      counter: .nanoseconds,
      anchor: Anchor(counter: 1_000, monotonic: Instant(1_000), boottime: 1_000, realtime: 1_000),
      regions: RingLayout.Regions(eventSlotsExponent: 10))
    var file = [UInt8](repeating: 0, count: size)
    file.withUnsafeMutableBytes { header.write(to: $0.baseAddress!) }
    let begin = UInt64(RingLayout.Header.size)
    let regions: [(UInt64, UInt64)] = [
      (begin + 256, 256), (begin + 512, 8), (begin + 768, 4), (begin, 8), (begin + 1_024, 64),
    ]
    for (index, region) in regions.enumerated() {
      withUnsafeBytes(of: region) { file.replaceSubrange((24 + 16 * index)..<(40 + 16 * index), with: $0) }
    }
    return file
  }()
}
