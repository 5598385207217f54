import SystemPackage
import Trace

/// A trace, closed or still being written, to be read from anywhere.
///
/// Of a file only the headers of chunks are kept in memory, about 200 bytes each; a chunk is read when it is asked for.
/// Not to be shared between threads.
public final class TraceStore {
  /// What the file is called.
  public let name: String
  private let file: TraceFileReader
  private let tail: (any OpenTail)?
  private let header: FileHeader
  private let headerIntact: Bool
  private var list = ChunkList()
  private var bytes: UInt64 = 0
  /// Chunks that turned out to be damaged when they were read, by index.
  private var broken: [Int: GapReason] = [:]
  /// What going through the file without its index found.
  private var damageByHopping: [Damage] = []

  /// Opens a file. Only its header and those of its chunks are read, or its index if it has one.
  ///
  /// Throws if it is no trace or cannot be read; damage is no error.
  public convenience init(path: FilePath) throws(TraceError) {
    try self.init(try TraceFileReader.open(path), tail: nil)
  }

  /// Opens a file that this process has open already; what its writer has not sealed yet is read from `tail`.
  ///
  /// Throws as the other does.
  public convenience init(descriptor: FileDescriptor, name: String, tail: (any OpenTail)? = nil) throws(TraceError) {
    try self.init(try TraceFileReader.duplicate(descriptor, name: name), tail: tail)
  }

  private init(_ file: consuming TraceFileReader, tail: (any OpenTail)?) throws(TraceError) {
    name = file.name
    (header, headerIntact) = try Self.readHeader(file)
    self.file = file
    self.tail = tail
    try list.readIndex(self.file)
    try refresh()
  }

  private static func readHeader(_ file: borrowing TraceFileReader) throws(TraceError) -> (FileHeader, Bool) {
    let bytes = try file.read(FileHeader.size, at: 0)
    guard !bytes.isEmpty else { throw .empty(name: file.name) }
    guard let (header, intact) = bytes.withUnsafeBytes({ FileHeader.parse($0) }) else {
      let isBegin = bytes.count < FileHeader.size && bytes.starts(with: FileHeader.magic.prefix(bytes.count))
      throw isBegin ? .tooShort(name: file.name, bytes: Int64(bytes.count)) : .notATrace(name: file.name)
    }
    if intact, header.version.major > FormatVersion.current.major {
      throw .laterVersion(name: file.name, found: header.version, known: .current)
    }
    return (header, intact)
  }

  /// What the trace's ids stand for.
  public var definitions: Definitions { tail?.definitions ?? list.definitions }

  /// The chunks in the file's order: those of one loop in the order of their events.
  public var chunks: [ChunkSummary] { list.chunks }

  /// What the writer of a live trace has not sealed into chunks yet, a batch a loop; nothing of a file.
  public var open: [Batch] { tail?.openBatches().map(\.batch) ?? [] }

  /// Looks for chunks that were written since. Throws `TraceError.system` where the file cannot be read any more.
  public func refresh() throws(TraceError) {
    bytes = try file.size()
    if bytes > list.end { try list.readHeaders(file) }
  }

  /// How whole the file is, as far as it was looked at.
  public var diagnostics: Diagnostics {
    var result = Diagnostics(
      version: header.version, bootID: header.bootID, created: header.created, headerIntact: headerIntact)
    result.bytes = bytes
    result.closed = list.closed
    result.tornTail = list.tornTail
    let found = broken.map { index, reason in
      let chunk = list.chunks[index]
      let bytes = chunk.header.map { $0.next - $0.offset } ?? 0
      return Damage(
        what: .events, reason: reason, offset: chunk.offset, bytes: bytes, loop: chunk.loop, from: chunk.from,
        to: chunk.to, events: chunk.end &- chunk.firstEvent)
    }
    result.damage = Set(list.damage + damageByHopping + found).sorted { $0.offset < $1.offset }
    return result
  }

  /// Whether the file was closed in good order and nothing that was looked at is damaged.
  public var complete: Bool {
    list.closed && headerIntact && list.tornTail == nil && list.damage.isEmpty && damageByHopping.isEmpty
      && broken.isEmpty
  }

  /// Reads every chunk, so that `diagnostics` knows of all damage. Throws `TraceError.system`.
  public func verify() throws(TraceError) {
    for index in list.chunks.indices { _ = try batch(index) }
    // An index may have vouched for headers that no longer stand in the file; then no event is missing.
    var hopped = ChunkList()
    try hopped.readHeaders(file)
    damageByHopping = hopped.damage.filter { $0.what != .missing }
  }

  /// The events of the chunk at that index of `chunks`. One that is damaged or missing gives one event, a gap.
  ///
  /// Throws `TraceError.system` where the file cannot be read.
  public func batch(_ index: Int) throws(TraceError) -> Batch {
    let chunk = list.chunks[index]
    guard let header = chunk.header else { return chunk.gap(chunk.missing ?? .unknown) }
    let decoded: Batch?
    switch try file.payload(of: header) {
    case .success(let payload): decoded = try? ChunkCodec.decode(payload, under: header)
    case .failure: decoded = nil
    }
    if let decoded { return decoded }
    let reason: GapReason = try file.isHole(at: chunk.offset) ? .overwritten : .damaged
    broken[index] = reason
    return chunk.gap(reason)
  }

  // MARK: Everything, once

  /// How far a reader of all events has come.
  public struct Cursor: Hashable, Sendable {
    /// The next chunk.
    fileprivate var chunk = 0
    /// The ordinal of each loop's next event.
    fileprivate var next: [LoopID: UInt64] = [:]

    /// At the trace's begin.
    public init() {}
  }

  /// The next events: every event of every loop once, those of one loop in order; `nil` where there are none by now.
  ///
  /// Sealed chunks come in the file's order, then what the writer has not sealed yet. Call `refresh()` before a round of
  /// calls. Throws `TraceError.system`.
  public func next(_ cursor: inout Cursor) throws(TraceError) -> Batch? {
    while true {
      if let batch = try nextSealed(&cursor) { return batch }
      guard let open = tail?.openBatches() else { return nil }
      let sealedSince = open.contains { $0.firstEvent > list.loops[$0.batch.loop]?.next ?? 0 }
      if sealedSince {
        let before = list.end
        try refresh()
        if list.end > before { continue }
      }
      return nextOpen(&cursor, open)
    }
  }

  private func nextSealed(_ cursor: inout Cursor) throws(TraceError) -> Batch? {
    while cursor.chunk < list.chunks.count {
      let index = cursor.chunk
      let chunk = list.chunks[index]
      let seen = max(cursor.next[chunk.loop] ?? 0, chunk.firstEvent)
      guard chunk.end > seen else {
        cursor.chunk += 1
        continue
      }
      var batch = try batch(index)
      cursor.chunk += 1
      cursor.next[chunk.loop] = chunk.end
      batch.drop(seen - chunk.firstEvent)
      if !batch.events.isEmpty { return batch }
    }
    return nil
  }

  /// Of what is open, the first loop's events that the cursor has not passed. Where the writer could not write those
  /// ahead of them, they are a gap.
  private func nextOpen(_ cursor: inout Cursor, _ open: [(firstEvent: UInt64, batch: Batch)]) -> Batch? {
    for (first, var batch) in open {
      let end = first + UInt64(batch.events.count)
      let seen = cursor.next[batch.loop] ?? 0
      guard end > seen, let time = batch.events.first?.time else { continue }
      cursor.next[batch.loop] = end
      if first > seen {
        let gap = Gap(from: list.loops[batch.loop]?.to ?? time, to: time, events: first - seen, reason: .unwritable)
        batch.events.insert(Event(time, .gap(gap)), at: 0)
      } else {
        batch.drop(seen - first)
      }
      return batch
    }
    return nil
  }
}

extension Batch {
  /// Leaves out the first `count` events that were delivered before; of a gap, that many of the events it stands for.
  fileprivate mutating func drop(_ count: UInt64) {
    guard count > 0 else { return }
    if events.count == 1, case .gap(var gap) = events[0].body, let missing = gap.events, missing > count {
      gap.events = missing - count
      events[0].body = .gap(gap)
    } else {
      events.removeFirst(min(events.count, Int(clamping: count)))
    }
  }
}
