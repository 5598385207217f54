import Glibc

/// Copies the tables of a ring that say what is open now.
struct LiveTableReader {
  let descriptor: Int32
  let regions: RingLayout.Regions

  /// The tables, less what changed while they were copied: that stands in the events behind the copy's begin.
  ///
  /// The writer goes on meanwhile, so an entry can be half one thing and half another: what two copies agree on is whole.
  func copy() -> LiveTable {
    let first = read()
    var table = read()
    table.operations.keepEntries(of: RingLayout.operationSize, equalTo: first.operations)
    // The count of a chain's operations may change as it likes.
    table.labels.keepEntries(of: RingLayout.labelSize, equalTo: first.labels, in: [0..<16, 20..<64])
    table.stack.keepEntries(of: RingLayout.stackEntrySize, equalTo: first.stack)
    return table
  }

  private func read() -> LiveTable {
    let words = readBytes(descriptor, at: RingLayout.Live.head, 72) ?? [UInt8](repeating: 0, count: 72)
    func word(_ offset: Int) -> UInt64 {
      words.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset - RingLayout.Live.head, as: UInt64.self) }
    }
    func bytes(_ region: RingLayout.Region, used: UInt64, size: Int) -> [UInt8] {
      let count = Int(min(used, UInt64(region.count)))
      return readBytes(descriptor, at: region.offset, count * size) ?? []
    }
    let pool = word(RingLayout.Live.pool)
    return LiveTable(
      operations: bytes(
        regions.operations, used: word(RingLayout.Live.operationsUsed), size: RingLayout.operationSize),
      labels: bytes(regions.labels, used: word(RingLayout.Live.labelsUsed), size: RingLayout.labelSize),
      stack: bytes(regions.stack, used: word(RingLayout.Live.depth), size: RingLayout.stackEntrySize),
      readyQueue: UInt32(clamping: word(RingLayout.Live.readyQueue)),
      poolQueued: UInt32(truncatingIfNeeded: pool), poolRunning: UInt32(truncatingIfNeeded: pool >> 32),
      unlisted: UInt32(clamping: word(RingLayout.Live.unlisted)))
  }
}

/// A ring's tables as copied, not interpreted yet.
struct LiveTable {
  var operations: [UInt8]
  var labels: [UInt8]
  var stack: [UInt8]
  var readyQueue: UInt32
  var poolQueued: UInt32
  var poolRunning: UInt32
  var unlisted: UInt32

  /// Its operations, labels and depths; the spans are the caller's to add.
  func checkpoint(_ decoder: RingDecoder) -> Checkpoint {
    var checkpoint = Checkpoint(
      readyQueue: readyQueue, poolQueued: poolQueued, poolRunning: poolRunning, unlisted: unlisted)
    operations.withUnsafeBytes { bytes in
      for entry in stride(from: 0, to: bytes.count, by: RingLayout.operationSize) {
        if let operation = operation(bytes, at: entry, decoder) { checkpoint.operations.append(operation) }
      }
    }
    checkpoint.operations.sort { $0.operation.id < $1.operation.id }
    labels.withUnsafeBytes { bytes in
      for entry in stride(from: 0, to: bytes.count, by: RingLayout.labelSize) {
        addLabel(bytes, at: entry, decoder, to: &checkpoint)
      }
    }
    checkpoint.chains.sort { $0.id < $1.id }
    checkpoint.descriptors.sort { $0.descriptor < $1.descriptor }
    return checkpoint
  }

  /// The open spans, outermost first.
  func spans(_ decoder: RingDecoder) -> [OpenSpan] {
    stack.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: RingLayout.stackEntrySize).compactMap { entry in
        let word = SlotWord(raw: bytes.loadUnaligned(fromByteOffset: entry, as: UInt64.self))
        let second = bytes.loadUnaligned(fromByteOffset: entry + 8, as: UInt64.self)
        let position = bytes.loadUnaligned(fromByteOffset: entry + 16, as: UInt64.self)
        guard let kind = SlotKind(rawValue: word.kind), [.began, .beganDue, .beganChain].contains(kind) else {
          return nil
        }
        // Its due time stood in the ring and is gone with it.
        let span = decoder.began(kind, word, second, due: nil, position)
        let counter = bytes.loadUnaligned(fromByteOffset: entry + 24, as: UInt64.self)
        return OpenSpan(began: decoder.moment(counter), span: span)
      }
    }
  }

  private func operation(_ bytes: UnsafeRawBufferPointer, at entry: Int, _ decoder: RingDecoder) -> OpenOperation? {
    let counter = bytes.loadUnaligned(fromByteOffset: entry, as: UInt64.self)
    let second = bytes.loadUnaligned(fromByteOffset: entry + 8, as: UInt64.self)
    let word = bytes.loadUnaligned(fromByteOffset: entry + 16, as: UInt64.self)
    let position = word & 0xFFFF_FFFF_FFFF
    let flags = UInt8(truncatingIfNeeded: word >> 48)
    let detail = bytes.loadUnaligned(fromByteOffset: entry + 24, as: UInt64.self)
    guard position != 0 else { return nil }
    let hasDue = flags & CreatedFlags.due != 0
    let hasDescriptor = flags & CreatedFlags.descriptor != 0 && !hasDue
    return OpenOperation(
      created: decoder.moment(counter),
      operation: decoder.created(
        flags, second, due: hasDue ? detail : nil, descriptor: hasDescriptor ? detail : nil, position,
        creator: nil))
  }

  private func addLabel(
    _ bytes: UnsafeRawBufferPointer, at entry: Int, _ decoder: RingDecoder, to checkpoint: inout Checkpoint
  ) {
    let word = bytes.loadUnaligned(fromByteOffset: entry, as: UInt64.self)
    let detail = bytes.loadUnaligned(fromByteOffset: entry + 8, as: UInt64.self)
    let length = Int(bytes.loadUnaligned(fromByteOffset: entry + 20, as: UInt32.self))
    let begin = entry + 24
    let text = String(
      decoding: bytes[begin..<(begin + min(length, RingLayout.maximumLabelLength))], as: UTF8.self)
    switch LabelKind(rawValue: word >> 48) {
    case .chain:
      let id = ChainID(decoder.loop, word)
      let named = decoder.moment(detail)
      checkpoint.chains.append(NamedChain(id: id, named: named, name: text))
    case .descriptor:
      checkpoint.descriptors.append(
        WatchedDescriptor(descriptor: Int32(truncatingIfNeeded: word), label: text))
    case nil: break
    }
  }
}

extension [UInt8] {
  /// Clears the entries that differ from the other copy's, in the given bytes of each.
  fileprivate mutating func keepEntries(of size: Int, equalTo other: [UInt8], in parts: [Range<Int>]? = nil) {
    removeLast(Swift.max(count - other.count, 0))
    withUnsafeMutableBytes { mine in
      other.withUnsafeBytes { its in
        guard mine.count > 0, memcmp(mine.baseAddress!, its.baseAddress!, mine.count) != 0 else { return }
        for entry in stride(from: 0, to: mine.count, by: size) {
          let isWhole = (parts ?? [0..<size]).allSatisfy { part in
            let at = entry + part.lowerBound
            return memcmp(mine.baseAddress! + at, its.baseAddress! + at, part.count) == 0
          }
          if !isWhole { memset(mine.baseAddress! + entry, 0, size) }
        }
      }
    }
  }
}

extension Checkpoint {
  /// Makes a copy of the tables exact as of the events' end.
  ///
  /// - Parameters:
  ///   - batches: all events since `known`, and at least the one before it: the writer publishes an event first and then
  ///     changes its tables.
  ///   - known: the head before the tables were copied.
  mutating func replay(_ batches: [Batch], from known: UInt64) {
    let oldest = known - Swift.min(known, UInt64(RingLayout.maximumEventSlots))
    var added: [OperationID: OpenOperation] = [:]
    var settled: Set<OperationID> = []
    var watched: [Int32: WatchedDescriptor?] = [:]
    for batch in batches {
      for event in batch.events {
        switch event.body {
        case .created(let operation) where operation.id.serial >= oldest:
          added[operation.id] = OpenOperation(created: event.time, operation: operation)
        case .settled(let id, _, _): settled.insert(id)
        case .chainNamed(let id, let text) where id.serial >= oldest && !chains.contains { $0.id == id }:
          chains.append(NamedChain(id: id, named: event.time, name: batch.label(text)))
        case .watched(let descriptor, let text):
          watched[descriptor] = .some(WatchedDescriptor(descriptor: descriptor, label: batch.label(text)))
        case .unwatched(let descriptor): watched[descriptor] = .some(nil)
        default: break
        }
      }
    }
    operations.removeAll { settled.contains($0.operation.id) || added[$0.operation.id] != nil }
    operations += added.values.filter { !settled.contains($0.operation.id) }.sorted {
      $0.operation.id < $1.operation.id
    }
    descriptors.removeAll { watched[$0.descriptor] != nil }
    descriptors += watched.values.compactMap { $0 }
    descriptors.sort { $0.descriptor < $1.descriptor }
  }
}

extension Batch {
  /// A text as the table of labels would have it.
  fileprivate func label(_ text: TextID) -> String {
    String(decoding: self.text(text).utf8.prefix(RingLayout.maximumLabelLength), as: UTF8.self)
  }

  /// The last event alone, as far as a table can depend on it.
  func suffix() -> Batch {
    var last = Batch(loop: loop)
    guard var event = events.last else { return last }
    switch event.body {
    case .chainNamed(let id, let text): event.body = .chainNamed(id, last.add(text: self.text(text)))
    case .watched(let descriptor, let text):
      event.body = .watched(descriptor: descriptor, last.add(text: self.text(text)))
    case .settled(let id, let outcome, _): event.body = .settled(id, outcome, nil)
    case .created, .unwatched: break
    default: return last
    }
    last.events = [event]
    return last
  }
}
