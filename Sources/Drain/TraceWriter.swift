import CLinux
import Glibc
import Synchronization
import SystemPackage
import Trace

/// Writes a trace: batches in, chunks out.
///
/// Safe to use from any thread. Nothing that happens to the disk stops it: what cannot be written becomes a gap with a
/// count, which is written as soon as something can be. One that is let go without `close()` leaves a file like that of
/// a killed program: whole up to the last flush, without an index.
public final class TraceWriter: OpenTail {
  private let state: Mutex<State>

  /// Creates a trace file, with mode 0600; an existing one is an error unless `force` says to put this in its place.
  ///
  /// Throws `TraceError.exists`, `.beingWritten`, `.notAFile` or `.system`.
  public init(creating path: FilePath, force: Bool = false) throws(TraceError) {
    state = Mutex(try State(TraceFile.create(path, force: force), spool: nil))
  }

  /// Creates a trace without a name, of which only the newest `limit` bytes are kept.
  ///
  /// Throws `TraceError.system`.
  public init(spool limit: Int) throws(TraceError) {
    state = Mutex(try State(TraceFile.unlinked(), spool: Spool(limit: limit)))
  }

  /// The file, for a reader in this process to duplicate; no longer valid once the trace is closed.
  public var descriptor: FileDescriptor? {
    state.withLock { $0.file?.descriptor }.map { FileDescriptor(rawValue: $0) }
  }

  /// Everything defined so far.
  public var definitions: Definitions { state.withLock { $0.definitions } }

  /// The trace's id of a site, a new one where the trace does not have it yet.
  public func id(of site: Site) -> SiteID { state.withLock { $0.definitions.id(of: site) } }

  /// Adds a loop under the next free number, whatever number it carries, and returns it; `nil` past 65535 loops.
  public func add(loop: LoopInfo) -> LoopID? { state.withLock { $0.definitions.add(loop: loop) } }

  /// What went wrong last, if anything ever did.
  public var failure: TraceError? { state.withLock { $0.failure } }

  /// How many events could not be written.
  public var lostEvents: UInt64 { state.withLock { $0.lostEvents } }

  /// How many bytes the file has, holes included.
  public var bytes: UInt64 { state.withLock { $0.bytes } }

  /// Takes a batch in, and seals chunks that are full. Not after `close()`.
  public func append(_ batch: Batch) { state.withLock { $0.append(batch) } }

  /// Writes all that was taken in.
  public func flush() { state.withLock { $0.flush { _ in true } } }

  /// Writes the loops whose oldest event not written is older than `age`, by the time of the newest event taken in.
  public func flush(olderThan age: Nanoseconds) {
    state.withLock { state in
      guard let newest = state.newest else { return }
      state.flush { newest - $0 > age }
    }
  }

  /// Writes all that was taken in, the index and the end mark, and lets go of the file. A second time does nothing.
  public func close() { state.withLock { $0.close() } }

  /// The events of each loop that are not in the file yet.
  public func openBatches() -> [(firstEvent: UInt64, batch: Batch)] {
    state.withLock { state in
      state.loops.values.filter { !$0.isEmpty }.map { ($0.first, $0.batch) }.sorted { $0.1.loop < $1.1.loop }
    }
  }
}

extension TraceWriter {
  /// Everything that the lock protects.
  fileprivate struct State: ~Copyable {
    /// Gone once the trace is closed.
    var file: TraceFile?
    var definitions = Definitions()
    var loops: [LoopID: OpenChunk] = [:]
    var newest: Instant?
    var failure: TraceError?
    var lostEvents: UInt64 = 0
    var bytes: UInt64 = 0
    private let name: String
    private var spool: Spool?
    private var writtenLoops = 0
    private var writtenSites = 1
    /// The headers of all chunks, for the index.
    private var headers: [[UInt8]] = []

    init(_ file: consuming TraceFile, spool: Spool?) throws(TraceError) {
      self.spool = spool
      name = file.name
      try file.append(FileHeader(bootID: ProcessIdentity.bootID, created: ll_realtime()).bytes)
      bytes = file.end
      self.file = consume file
    }

    mutating func append(_ batch: Batch) {
      precondition(file != nil, "a batch for a trace that is closed")
      var chunk = loops.removeValue(forKey: batch.loop) ?? OpenChunk(loop: batch.loop)
      for event in batch.events {
        chunk.add(event, of: batch)
        if chunk.isFull { seal(&chunk) }
      }
      if let last = batch.events.last?.time { newest = newest.map { max($0, last) } ?? last }
      loops[batch.loop] = chunk
    }

    /// Seals the chunks whose first event's time is to be sealed, and tries to write the gaps of all.
    mutating func flush(_ isDue: (Instant) -> Bool) {
      for loop in loops.keys.sorted() {
        guard var chunk = loops.removeValue(forKey: loop) else { continue }
        if let first = chunk.batch.events.first?.time, isDue(first) {
          seal(&chunk)
        } else if chunk.lost != nil {
          writeGap(&chunk)
        }
        loops[loop] = chunk
      }
    }

    mutating func close() {
      guard file != nil else { return }
      flush { _ in true }
      attempt { state throws(TraceError) in
        try state.writeDefinitions()
        if state.spool == nil { try state.writeIndex() }
      }
      file = nil
    }

    // MARK: Chunks

    /// Writes the chunk and the gap ahead of it as one, so that a disk with room for a gap only is not filled with gaps.
    private mutating func seal(_ chunk: inout OpenChunk) {
      let written = attempt { state throws(TraceError) in
        try state.writeDefinitions()
        let events = Part(header: chunk.header(), payload: try state.encode(chunk.batch))
        try state.write([try state.gapPart(chunk), events].compactMap(\.self))
      }
      if written {
        chunk.gapWritten()
        chunk.sealed()
      } else {
        lostEvents += UInt64(chunk.batch.events.count)
        chunk.lose()
      }
    }

    private mutating func writeGap(_ chunk: inout OpenChunk) {
      let written = attempt { state throws(TraceError) in
        if let gap = try state.gapPart(chunk) { try state.write([gap]) }
      }
      if written { chunk.gapWritten() }
    }

    private func gapPart(_ chunk: OpenChunk) throws(TraceError) -> Part? {
      guard let (header, batch) = chunk.gapChunk() else { return nil }
      return Part(header: header, payload: try encode(batch))
    }

    private mutating func writeDefinitions() throws(TraceError) {
      while true {
        let page = DefinitionsPage(of: definitions, loopsFrom: writtenLoops, sitesFrom: writtenSites)
        guard !page.loops.isEmpty || !page.sites.isEmpty else { return }
        try write([Part(header: ChunkHeader(kind: .definitions), payload: page.bytes)])
        writtenLoops += page.loops.count
        writtenSites += page.sites.count
      }
    }

    private mutating func writeIndex() throws(TraceError) {
      let first = bytes
      var rest = headers[...]
      var count: UInt32 = 0
      while !rest.isEmpty {
        let payload = Array(rest.prefix(1 << 16).joined())
        try write([Part(header: ChunkHeader(kind: .index), payload: payload)])
        rest = rest.dropFirst(1 << 16)
        count += 1
      }
      var end = ChunkHeader(kind: .end)
      end.first = first
      end.events = count
      try write([Part(header: end, payload: [])])
    }

    private func encode(_ batch: Batch) throws(TraceError) -> [UInt8] {
      do { return try ChunkCodec.encode(batch) } catch { throw tooLong }
    }

    /// What is to become a chunk.
    private struct Part {
      var header: ChunkHeader
      var payload: [UInt8]
    }

    /// Appends all of the chunks, or none.
    private mutating func write(_ parts: [Part]) throws(TraceError) {
      var all: [UInt8] = []
      var ranges: [Range<UInt64>] = []
      for part in parts {
        var header = part.header
        header.offset = bytes + UInt64(all.count)
        do { all += try Payload.seal(part.payload, under: header) } catch { throw tooLong }
        ranges.append(header.offset..<bytes + UInt64(all.count))
      }
      try file?.append(all)
      for (part, range) in zip(parts, ranges) {
        if spool == nil {
          headers.append(Array(all[Int(range.lowerBound - bytes)...].prefix(ChunkHeader.size)))
        } else {
          let isEvents = part.header.kind == ChunkHeader.Kind.events.rawValue
          for hole in spool?.wrote(range, events: isEvents) ?? [] { file?.punch(hole) }
        }
      }
      bytes += UInt64(all.count)
    }

    /// A chunk that no reader would take, as the system would say it.
    private var tooLong: TraceError { .system(call: "pwrite", name: name, errno: EFBIG) }

    /// Whether `body` did it; if not, why is kept.
    @discardableResult
    private mutating func attempt(_ body: (inout State) throws(TraceError) -> Void) -> Bool {
      do {
        try body(&self)
        return true
      } catch {
        failure = error
        return false
      }
    }
  }
}
