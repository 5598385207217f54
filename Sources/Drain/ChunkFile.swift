import CLinux
import Glibc
import Trace

/// A trace's file, chunk by chunk: each is there whole, or not at all.
struct ChunkFile {
  /// What is to become a chunk.
  struct Part {
    var header: ChunkHeader
    var payload: [UInt8]
  }

  let file: TraceFile
  /// The headers of all chunks; none where there will be no index.
  private var headers: [[UInt8]] = []
  private let hasIndex: Bool
  private var writtenLoops = 0
  private var writtenSites = 1
  /// Where the next chunk goes.
  private(set) var end: UInt64

  /// Begins the file.
  init(_ file: TraceFile, hasIndex: Bool) throws(TraceError) {
    let header = FileHeader(bootID: ProcessIdentity.bootID, created: ll_realtime()).bytes
    try file.write(header, at: 0)
    end = UInt64(header.count)
    self.file = file
    self.hasIndex = hasIndex
  }

  /// Appends all of the chunks, or none; returns where each one stands.
  @discardableResult
  mutating func write(_ parts: [Part]) throws(TraceError) -> [Range<UInt64>] {
    var chunks: [[UInt8]] = []
    var at = end
    for part in parts {
      var header = part.header
      header.offset = at
      do { chunks.append(try Payload.seal(part.payload, under: header)) } catch { throw tooLong }
      at += UInt64(chunks[chunks.count - 1].count)
    }
    return try append(chunks)
  }

  /// Appends a chunk that stood elsewhere, as it is packed.
  mutating func copy(_ header: ChunkHeader, _ stored: [UInt8]) throws(TraceError) {
    var header = header
    header.offset = end
    try append([header.bytes + stored])
  }

  @discardableResult
  private mutating func append(_ chunks: [[UInt8]]) throws(TraceError) -> [Range<UInt64>] {
    try file.write(chunks.count == 1 ? chunks[0] : Array(chunks.joined()), at: end)
    if hasIndex { headers += chunks.map { Array($0.prefix(ChunkHeader.size)) } }
    return chunks.map { chunk in
      defer { end += UInt64(chunk.count) }
      return end..<(end + UInt64(chunk.count))
    }
  }

  /// Appends what was defined since the last time.
  mutating func write(_ definitions: Definitions) throws(TraceError) {
    while true {
      let page = DefinitionsPage(of: definitions, loopsFrom: writtenLoops, sitesFrom: writtenSites)
      guard !page.loops.isEmpty || !page.sites.isEmpty else { return }
      try write([Part(header: ChunkHeader(kind: .definitions), payload: page.bytes)])
      writtenLoops += page.loops.count
      writtenSites += page.sites.count
    }
  }

  /// Appends the index and the end mark.
  mutating func writeIndex() throws(TraceError) {
    guard hasIndex else { return }
    let first = end
    var rest = headers[...]
    var count: UInt32 = 0
    while !rest.isEmpty {
      try write([Part(header: ChunkHeader(kind: .index), payload: Array(rest.prefix(1 << 16).joined()))])
      rest = rest.dropFirst(1 << 16)
      count += 1
    }
    var mark = ChunkHeader(kind: .end)
    mark.first = first
    mark.events = count
    try write([Part(header: mark, payload: [])])
  }

  /// A chunk that no reader would take, as the system would say it.
  private var tooLong: TraceError { .system(call: "pwrite", name: file.name, errno: EFBIG) }
}
