import Trace

/// One trace file, as far as it has been read.
final class StoredFile {
  /// What it is called.
  let name: String
  /// Its first bytes, which may be damaged.
  let header: FileHeader
  /// Its chunks.
  private(set) var list = ChunkList()
  private let file: TraceFileReader
  private let headerIntact: Bool
  private var bytes: UInt64 = 0
  /// Chunks that turned out to be damaged when they were read, by index.
  private var broken: [Int: GapReason] = [:]
  /// What going through the file without its index found.
  private var damageByHopping: [Damage] = []

  /// Reads its header and those of its chunks, or its index.
  init(_ file: consuming TraceFileReader) throws(TraceError) {
    name = file.name
    (header, headerIntact) = try Self.readHeader(file)
    self.file = file
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

  /// Looks for chunks that were written since.
  func refresh() throws(TraceError) {
    bytes = try file.size()
    if bytes > list.end { try list.readHeaders(file) }
  }

  /// Forgets the chunks ahead of an offset, which are gone.
  func forget(before offset: UInt64) {
    list.forget(before: offset)
    if let first = broken.keys.min(), first < list.chunks.startIndex {
      broken = broken.filter { $0.key >= list.chunks.startIndex }
    }
  }

  /// How whole it is, as far as it was looked at.
  var diagnostics: Diagnostics {
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

  /// Whether it was closed in good order and nothing that was looked at is damaged.
  var complete: Bool {
    list.closed && headerIntact && list.tornTail == nil && list.damage.isEmpty && damageByHopping.isEmpty
      && broken.isEmpty
  }

  /// Reads every chunk.
  func verify() throws(TraceError) {
    for index in list.chunks.indices { _ = try batch(index) }
    // An index may have vouched for headers that no longer stand in the file; then no event is missing.
    var hopped = ChunkList()
    try hopped.readHeaders(file)
    damageByHopping = hopped.damage.filter { $0.what != .missing }
  }

  /// The events of a chunk. One that is damaged or missing gives one event, a gap.
  func batch(_ index: Int) throws(TraceError) -> Batch {
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
}
