import SystemPackage
import Trace

/// A trace, closed or still being written, to be read from anywhere; or several as one.
///
/// Of a file only the headers of chunks are kept in memory, about 250 bytes each; a chunk is read when it is asked for.
/// Not to be shared between threads.
public final class TraceStore {
  private let files: [StoredFile]
  /// How several files are one trace; `nil` where there is only one.
  private let joint: JointTrace?
  private let tail: (any OpenTail)?

  /// Opens a file. Only its header and those of its chunks are read, or its index if it has one.
  ///
  /// Throws if it is no trace or cannot be read; damage is no error.
  public convenience init(path: FilePath) throws(TraceError) {
    self.init(try StoredFile(TraceFileReader.open(path)), tail: nil)
  }

  /// Opens a file that this process has open already; what its writer has not sealed yet is read from `tail`.
  ///
  /// Throws as the other does.
  public convenience init(descriptor: FileDescriptor, name: String, tail: (any OpenTail)? = nil) throws(TraceError) {
    self.init(try StoredFile(TraceFileReader.duplicate(descriptor, name: name)), tail: tail)
  }

  private init(_ file: StoredFile, tail: (any OpenTail)?) {
    files = [file]
    joint = nil
    self.tail = tail
  }

  /// Several files at rest as one trace: their loops are numbered on, their sites are one where they are the same.
  ///
  /// Files that were recorded at the same time keep it; others are laid over the first, as if they had begun with it. Reading
  /// costs a pass over each chunk's events more than reading one file. Throws `TraceError.tooManyLoops`.
  public init(joining stores: [TraceStore]) throws(TraceError) {
    files = stores.flatMap(\.files)
    joint = try JointTrace(files)
    tail = nil
  }

  /// What the file is called, or the first of several.
  public var name: String { files[0].name }

  /// Whether some of several files were recorded at other times, and begin with the first.
  public var isLaidOver: Bool { joint?.isLaidOver ?? false }

  /// What the trace's ids stand for.
  public var definitions: Definitions { tail?.definitions ?? joint?.definitions ?? files[0].list.definitions }

  /// The chunks in the file's order, or of several in that of time: those of one loop in the order of their events.
  ///
  /// Each keeps its index. Of those that a live writer has given up, most are left out in time: the first index rises then, and
  /// one for each loop stands for all of them.
  public var chunks: Chunks { joint?.chunks ?? files[0].list.chunks }

  /// What the writer of a live trace has not sealed into chunks yet, a batch a loop; nothing of a file.
  public var open: [Batch] { tail?.openBatches().map(\.batch) ?? [] }

  /// Looks for chunks that were written since, and leaves out some that were given up. Throws `TraceError.system` where the file cannot be read any more.
  public func refresh() throws(TraceError) {
    guard joint == nil else { return }
    try files[0].refresh()
    if let tail { files[0].forget(before: tail.keptFrom) }
  }

  /// How whole the file is, as far as it was looked at; of several, the first.
  public var diagnostics: Diagnostics { files[0].diagnostics }

  /// Whether all files were closed in good order and nothing that was looked at is damaged.
  public var complete: Bool { files.allSatisfy(\.complete) }

  /// Reads every chunk, so that `diagnostics` knows of all damage. Throws `TraceError.system`.
  public func verify() throws(TraceError) { for file in files { try file.verify() } }

  /// The events of the chunk at that index of `chunks`. One that is damaged or missing gives one event, a gap.
  ///
  /// Throws `TraceError.system` where the file cannot be read.
  public func batch(_ index: Int) throws(TraceError) -> Batch {
    guard let joint else { return try files[0].batch(index) }
    let place = joint.places[index]
    return joint.renumberings[place.file].applied(to: try files[place.file].batch(place.chunk))
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
      let sealedSince = open.contains { $0.firstEvent > files[0].list.loops[$0.batch.loop]?.next ?? 0 }
      if sealedSince {
        let before = files[0].list.end
        try refresh()
        if files[0].list.end > before { continue }
      }
      return nextOpen(&cursor, open)
    }
  }

  private func nextSealed(_ cursor: inout Cursor) throws(TraceError) -> Batch? {
    cursor.chunk = max(cursor.chunk, chunks.startIndex)
    while cursor.chunk < chunks.endIndex {
      let index = cursor.chunk
      let chunk = chunks[index]
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
        let gap = Gap(
          from: files[0].list.loops[batch.loop]?.to ?? time, to: time, events: first - seen, reason: .unwritable)
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
