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
  /// With `keep` only the newest events stay. While it is written the room of the others is given back to the disk, and
  /// whoever reads it then finds them missing; `close()` makes it an ordinary trace that begins with what was kept, for
  /// which it takes that room once more.
  /// Throws `TraceError.exists`, `.beingWritten`, `.notAFile` or `.system`.
  public init(creating path: FilePath, force: Bool = false, keeping keep: Keep? = nil) throws(TraceError) {
    state = Mutex(try State(TraceFile.create(path, force: force), spool: keep.map { Spool($0) }, isNamed: true))
  }

  /// Creates a trace without a name, of which all is kept, or with `keep` only the newest events.
  ///
  /// Throws `TraceError.system`.
  public init(spool keep: Keep?) throws(TraceError) {
    state = Mutex(try State(TraceFile.unlinked(), spool: keep.map { Spool($0) }, isNamed: false))
  }

  /// The file, for a reader in this process to duplicate; no longer valid once the trace is closed.
  public var descriptor: FileDescriptor? {
    state.withLock { $0.file?.file.descriptor }.map { FileDescriptor(rawValue: $0) }
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

  /// Where in the file the oldest chunk of events begins that was not given up for newer ones; 0 where all are kept.
  public var keptFrom: UInt64 { state.withLock { $0.keptFrom } }

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

  /// Writes what was kept of the time between two moments into a file of its own, an ordinary trace: of each loop from
  /// the last checkpoint ahead of `from`, and the whole chunk in which `to` lies. Only of a trace that keeps the newest.
  ///
  /// Throws as creating one does, and `TraceError.system`; then there is no new file.
  public func save(from: Instant, to: Instant, as path: FilePath, force: Bool = false) throws(TraceError) {
    try state.withLock { state throws(TraceError) in
      state.flush { _ in true }
      let file = try TraceFile.create(path, force: force)
      do throws(TraceError) {
        _ = try state.cut(from: from, to: to, into: file)
      } catch {
        unlink(path.string)
        throw error
      }
    }
  }

  /// Copies what is written from now on into a file of its own, an ordinary trace once it is ended: of each loop from the
  /// last checkpoint ahead of `from`. Only of a trace that keeps the newest, and one copy at a time. It costs reading back
  /// what was packed and writing it once more; one that cannot be written is given up, and `endCopy` throws why.
  ///
  /// Throws as creating a trace does.
  public func copy(from: Instant, to path: FilePath) throws(TraceError) {
    try state.withLock { state throws(TraceError) in
      precondition(state.copy == nil, "a copy of a trace that is being copied")
      state.flush { _ in true }
      let file = try TraceFile.create(path, force: false)
      do throws(TraceError) {
        state.copy = try state.copied(from: from, to: nil, into: file)
      } catch {
        unlink(path.string)
        throw error
      }
    }
  }

  /// How many bytes the copy has; `nil` where there is none.
  public var copied: UInt64? { state.withLock { $0.copy?.file.end } }

  /// Writes what was taken in, and ends the copy with its index; without a copy it does nothing.
  ///
  /// Throws `TraceError.deleted` or `.system` where some of it could not be written; what could is a torn trace.
  public func endCopy() throws(TraceError) {
    try state.withLock { state throws(TraceError) in
      state.flush { _ in true }
      guard var copy = state.copy.take() else { return }
      if let failure = copy.failure { throw failure }
      try copy.file.writeIndex()
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

extension Batch {
  /// The index of the first checkpoint behind that event, or the batch's end.
  fileprivate func nextCheckpoint(after index: Int) -> Int {
    if checkpoints.isEmpty { return events.count }
    return (index + 1..<events.count).first(where: isCheckpoint) ?? events.count
  }
}

extension TraceWriter {
  /// Everything that the lock protects.
  fileprivate struct State: ~Copyable {
    /// Gone once the trace is closed.
    var file: ChunkFile?
    var definitions = Definitions()
    var loops: [LoopID: OpenChunk] = [:]
    var newest: Instant?
    var failure: TraceError?
    var lostEvents: UInt64 = 0
    var bytes: UInt64 = 0
    private let name: String
    private let isNamed: Bool
    private var spool: Spool?
    /// What is written a second time, for keeps.
    var copy: ChunkCopy?

    init(_ file: TraceFile, spool: Spool?, isNamed: Bool) throws(TraceError) {
      self.spool = spool
      name = file.name
      self.isNamed = isNamed
      let file = try ChunkFile(file, hasIndex: spool == nil)
      bytes = file.end
      self.file = file
    }

    mutating func append(_ batch: Batch) {
      precondition(file != nil, "a batch for a trace that is closed")
      guard let last = batch.events.last?.time else { return }
      newest = newest.map { max($0, last) } ?? last
      let chunk = loops[batch.loop] ?? OpenChunk(loop: batch.loop)
      loops[batch.loop] = chunk
      var at = 0
      while at < batch.events.count {
        // What is kept has to begin with one.
        if spool != nil, batch.isCheckpoint(at), !chunk.isEmpty { seal(chunk) }
        let end = spool == nil ? batch.events.count : batch.nextCheckpoint(after: at)
        at = chunk.add(batch, at..<end)
        if chunk.isFull { seal(chunk) }
      }
    }

    /// Seals the chunks whose first event's time is to be sealed, and tries to write the gaps of all.
    mutating func flush(_ isDue: (Instant) -> Bool) {
      for (_, chunk) in loops.sorted(by: { $0.key < $1.key }) {
        if let first = chunk.from, isDue(first) {
          seal(chunk)
        } else if chunk.lost != nil {
          writeGap(chunk)
        }
      }
    }

    mutating func close() {
      guard file != nil else { return }
      flush { _ in true }
      if var copy = copy.take(), copy.failure == nil { try? copy.file.writeIndex() }
      attempt { state throws(TraceError) in
        try state.write([])
        if state.spool == nil { try state.file?.writeIndex() }
        if state.spool != nil, state.isNamed { try state.compact() }
        if let end = state.file?.end { state.bytes = end }
      }
      file = nil
    }

    // MARK: What is kept

    var keptFrom: UInt64 { spool?.keptFrom ?? 0 }

    /// Puts a file of what was kept in this one's place.
    private mutating func compact() throws(TraceError) {
      guard let old = file?.file else { return }
      let new = try TraceFile.successor(of: old)
      do throws(TraceError) {
        file = try cut(from: Instant(.min), to: Instant(.max), into: new)
        try new.replace(old)
      } catch {
        unlink(new.name)
        throw error
      }
    }

    /// Copies what was kept of a time; ordinals begin anew.
    func cut(from: Instant, to: Instant, into target: TraceFile) throws(TraceError) -> ChunkFile {
      var copy = try copied(from: from, to: to, into: target)
      try copy.file.writeIndex()
      return copy.file
    }

    /// The same without an index, to be gone on with.
    func copied(from: Instant, to: Instant?, into target: TraceFile) throws(TraceError) -> ChunkCopy {
      var copy = ChunkCopy(file: try ChunkFile(target, hasIndex: true))
      try copy.file.write(definitions)
      guard let source = file?.file else { return copy }
      for range in spool?.chunks(from: from, to: to) ?? [] { try copy.add(range, of: source) }
      return copy
    }

    // MARK: Chunks

    /// Writes the chunk and the gap ahead of it as one, so that a disk with room for a gap only is not filled with gaps.
    private mutating func seal(_ chunk: OpenChunk) {
      let written = attempt { state throws(TraceError) in
        let events = Part(header: chunk.header(), payload: chunk.payload)
        try state.write([try state.gapPart(chunk), events].compactMap(\.self), opens: chunk.opens)
      }
      if written {
        chunk.gapWritten()
        chunk.sealed()
      } else {
        lostEvents += chunk.count
        chunk.lose()
      }
    }

    private mutating func writeGap(_ chunk: OpenChunk) {
      let written = attempt { state throws(TraceError) in
        if let gap = try state.gapPart(chunk) { try state.write([gap]) }
      }
      if written { chunk.gapWritten() }
    }

    private func gapPart(_ chunk: OpenChunk) throws(TraceError) -> Part? {
      guard let (header, batch) = chunk.gapChunk() else { return nil }
      return Part(header: header, payload: try encode(batch))
    }

    private func encode(_ batch: Batch) throws(TraceError) -> [UInt8] {
      // A chunk that no reader would take, as the system would say it.
      do { return try ChunkCodec.encode(batch) } catch { throw .system(call: "pwrite", name: name, errno: EFBIG) }
    }

    private typealias Part = ChunkFile.Part

    /// Appends all of the chunks, or none, behind what they need to be defined; a reader can start with the last one if
    /// that `opens`.
    private mutating func write(_ parts: [Part], opens: Bool = false) throws(TraceError) {
      defer { bytes = file?.end ?? bytes }
      try file?.write(definitions)
      let ranges = try file?.write(parts) ?? []
      for (index, range) in ranges.enumerated() {
        let isLast = index == ranges.count - 1
        for hole in spool?.wrote(range, parts[index].header, opens: opens && isLast) ?? [] { file?.file.punch(hole) }
      }
      if let source = file?.file { copy?.follow(ranges, of: source, definitions) }
    }

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
