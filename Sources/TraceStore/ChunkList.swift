import Trace

/// The chunks of a file, as far as it has been read: grows with what there is in the file.
struct ChunkList {
  /// In the file's order; chunks that must have been there stand ahead of the first after them. A chunk keeps its index as
  /// long as it is in the file.
  private(set) var chunks = Chunks()
  /// As many of the first stand for those of their loops that are gone.
  private var gone = 0
  private(set) var definitions = Definitions()
  private(set) var damage: [Damage] = []
  private(set) var tornTail: TornTail?
  private(set) var closed = false
  /// Where the next header is to be looked for.
  private(set) var end = UInt64(FileHeader.size)
  /// The first ordinal of each loop after its last chunk, and that chunk's last time.
  private(set) var loops: [LoopID: (next: UInt64, to: Instant)] = [:]
  /// How many bytes of definitions more are read: what they take in memory must not depend on how well they are packed.
  private var definitionBytesLeft = 128 << 20
  /// Why bytes were skipped last.
  private var skipped = GapReason.damaged

  /// Reads the headers of a file that was closed in good order from its index; reads nothing where there is no index or
  /// it is not to be trusted.
  mutating func readIndex(_ file: borrowing TraceFileReader) throws(TraceError) {
    let size = try file.size()
    guard size >= end + UInt64(ChunkHeader.size), let mark = try file.header(at: size - UInt64(ChunkHeader.size)),
      mark.kind == ChunkHeader.Kind.end.rawValue, mark.stored == 0
    else { return }
    var listed: [ChunkHeader] = []
    var at = end
    var indexAt = mark.first
    for _ in 0..<mark.events {
      guard let header = try file.header(at: indexAt), header.kind == ChunkHeader.Kind.index.rawValue,
        case .success(let payload) = try file.payload(of: header)
      else { return note(.index, at: indexAt) }
      for start in stride(from: 0, to: payload.count, by: ChunkHeader.size) {
        let entry = payload.withUnsafeBytes { ChunkHeader(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        // The chunks follow each other without a gap, so that an index cannot claim more than the file has room for.
        guard let entry, entry.offset == at, entry.next <= mark.first else { return note(.index, at: indexAt) }
        listed.append(entry)
        at = entry.next
      }
      indexAt = header.next
    }
    guard at == mark.first, indexAt == mark.offset else { return note(.index, at: mark.first) }
    for header in listed { try add(header, file) }
    end = mark.next
    closed = true
  }

  private mutating func note(_ what: Damage.What, at offset: UInt64) {
    damage.append(Damage(what: what, reason: .damaged, offset: offset, bytes: 0))
  }

  /// Reads the headers that follow, up to the first chunk that the file does not have whole.
  mutating func readHeaders(_ file: borrowing TraceFileReader) throws(TraceError) {
    let size = try file.size()
    tornTail = nil
    while end < size {
      guard let header = try file.header(at: end) else {
        guard let next = try file.nextHeader(from: end + 1, before: size) else { return tear(nil, size) }
        skipped = try file.isHole(at: end) ? .overwritten : .damaged
        damage.append(Damage(what: .unreadable, reason: skipped, offset: end, bytes: next.offset - end))
        end = next.offset
        continue
      }
      guard header.next <= size else { return tear(header, size) }
      try add(header, file)
      end = header.next
    }
  }

  private mutating func tear(_ header: ChunkHeader?, _ size: UInt64) {
    tornTail = TornTail(offset: end, bytes: size - end)
    guard let header, header.kind == ChunkHeader.Kind.events.rawValue else { return }
    tornTail?.loop = header.loop
    tornTail?.from = header.from
    tornTail?.to = header.to
    tornTail?.events = header.end &- header.first
  }

  private mutating func add(_ header: ChunkHeader, _ file: borrowing TraceFileReader) throws(TraceError) {
    switch ChunkHeader.Kind(rawValue: header.kind) {
    case .events: add(events: header)
    case .definitions:
      if case .success(let payload) = try file.payload(of: header), payload.count <= definitionBytesLeft,
        let page = try? DefinitionsPage(payload)
      {
        definitionBytesLeft -= payload.count
        definitions.add(page)
      } else {
        let bytes = header.next - header.offset
        damage.append(Damage(what: .definitions, reason: .damaged, offset: header.offset, bytes: bytes))
      }
    case .index: if case .failure = try file.payload(of: header) { note(.index, at: header.offset) }
    case .end: closed = true
    case nil: break
    }
  }

  /// Forgets the chunks ahead of an offset, whose writer has given them up: one of each loop is left that stands for all of
  /// them. Many at once, and not yet where they are few.
  mutating func forget(before offset: UInt64) {
    let lost = chunks.prefix { $0.offset < offset }
    guard lost.count >= gone + Self.forgottenAtOnce else { return }
    var all: [LoopID: ChunkSummary] = [:]
    for chunk in lost { all[chunk.loop] = ChunkSummary(goneFrom: all[chunk.loop] ?? chunk, to: chunk) }
    // Each of these loops has a chunk there, so there is room for one of each in the place of the last.
    let first = lost.endIndex - all.count
    chunks.removeAll(before: first)
    for (index, chunk) in zip(first..., all.values.sorted { $0.loop < $1.loop }) { chunks[index] = chunk }
    gone = all.count
  }

  private static let forgottenAtOnce = 1_024

  private mutating func add(events header: ChunkHeader) {
    let known = loops[header.loop] ?? (0, header.from)
    if header.first > known.next {
      let gap = Gap(from: known.to, to: header.from, events: header.first - known.next, reason: skipped)
      let missing = header.first - known.next
      chunks.append(
        ChunkSummary(missing: missing, of: header.loop, after: known.next, gap, before: header.offset))
      damage.append(
        Damage(
          what: .missing, reason: skipped, offset: header.offset, bytes: 0, loop: header.loop, from: gap.from,
          to: gap.to, events: missing))
    }
    chunks.append(ChunkSummary(header))
    loops[header.loop] = (max(known.next, header.end), header.to)
  }
}
