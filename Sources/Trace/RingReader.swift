import CLinux
import Glibc

/// Reads one loop's ring from outside its process, as often as asked, each time what is new.
///
/// It never maps the file: a page that went away would be a signal, and a word could change between check and use. What
/// the writer may have overwritten meanwhile is discarded and counted as a gap. Readers do not know of each other.
public final class RingReader {
  /// What the ring says of itself.
  public let header: RingHeader
  /// The ring's file name, for messages.
  public let name: String
  private let descriptor: Int32
  private var decoder: RingDecoder
  private var table: LiveTableReader
  /// The next slot to read.
  private var position: UInt64 = 0
  private var definitionsRead = 0
  /// Whether the beginning has been looked for.
  private var started = false

  /// The most slots that one `read` takes in; what is more comes with the next.
  private static let readLimit = 1 << 16

  /// Opens a ring by its name in a folder of rings.
  ///
  /// - Parameter loop: the number under which its events go into the trace.
  /// - Throws: `RingError.ring`.
  public init(_ name: String, in folder: Int32, loop: LoopID) throws(RingError) {
    self.name = name
    descriptor = ll_openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0)
    guard descriptor >= 0 else { throw .ring(name, .errno(errno)) }
    do throws(RingError) {
      header = try RingReader.check(descriptor, name)
    } catch {
      close(descriptor)
      throw error
    }
    decoder = RingDecoder(loop: loop, header: header)
    table = LiveTableReader(descriptor: descriptor, regions: header.regions)
  }

  deinit { close(descriptor) }

  private static func check(_ descriptor: Int32, _ name: String) throws(RingError) -> RingHeader {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .ring(name, .errno(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .ring(name, .notARing) }
    guard status.st_uid == getuid() || getuid() == 0 else { throw .ring(name, .owner(status.st_uid)) }
    guard status.st_mode & 0o022 == 0 else { throw .ring(name, .writableByOthers) }
    guard let page = readBytes(descriptor, at: 0, RingLayout.Header.size) else { throw .ring(name, .notARing) }
    // A closure that throws typed errors does not pass through withUnsafeBytes.
    let result = page.withUnsafeBytes { bytes -> Result<RingHeader, RingError> in
      do throws(RingError) {
        return .success(try RingHeader(parsing: bytes, fileSize: Int(status.st_size), file: name))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// The loop that its events go under.
  public var loop: LoopID { decoder.loop }

  /// Where in its life the ring is; `open` says nothing about whether its process still runs.
  public var state: RingState {
    RingState(rawValue: live(RingLayout.Live.state)) ?? .opening
  }

  /// Whether everything that is published has been read.
  public var isDrained: Bool { live(RingLayout.Live.head) == position }

  /// Passes over all but the last `count` slots, for who wants to know the end only; ahead of the first `read`.
  public func skip(allBut count: UInt64) {
    precondition(!started, "slots are skipped before any is read")
    let head = live(RingLayout.Live.head)
    position = max(position, head - min(count, head))
  }

  /// The events published since the last call, at most 65536 slots of them; `nil` where there are none.
  ///
  /// The first batch begins, and with `checkpoint` every batch that catches up with the writer ends, with a checkpoint.
  /// - Parameters:
  ///   - moment: a reading of `CLOCK_MONOTONIC` from before this call at which the writer was alive. The checkpoint is of
  ///     that moment, so that a callback which never ends is seen to have run until then; without, of the last event's.
  ///   - define: gives a site its number in the trace; called once for each of the ring's sites.
  public func read(checkpoint: Bool = false, aliveAt moment: Instant? = nil, define: (Site) -> SiteID) -> Batch? {
    // The table before the events: what changed while it was copied is then in the events behind it.
    let head = live(RingLayout.Live.head)
    let copy = checkpoint || !started ? table.copy() : nil
    let published = live(RingLayout.Live.head)
    let lost = skipOverwritten(head: published)
    let count = Int(min(published &- position, UInt64(RingReader.readLimit)))
    guard count > 0 || (started && copy != nil) else { return nil }
    let slots = readSlots(count)
    readDefinitions(define)
    // What the writer may have begun to overwrite while it was being read, the event that it is at now included.
    let torn = skipOverwritten(head: live(RingLayout.Live.head))
    let skipped = min(Int(torn), count)
    var batch = Batch(loop: loop)
    let before = decoder.now
    if lost + torn > 0, started { decoder.forget() }
    slots.withUnsafeBytes { bytes in
      var start = skipped
      if lost + torn > 0 {
        // In the middle of an event, where its first slot is gone.
        while start < count, bytes[start * RingLayout.slotSize] == SlotKind.more.rawValue { start += 1 }
        position += UInt64(start - skipped)
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[(start * RingLayout.slotSize)...])
      let whole = UnsafeRawBufferPointer(rebasing: rest[..<wholeEvents(rest)])
      if !started, position > 0, let copy {
        decoder.synchronize(whole)
        adopt(copy, decoding: whole, into: &batch)
      } else {
        decoder.decode(whole, from: position, into: &batch)
      }
      position += UInt64(whole.count / RingLayout.slotSize)
    }
    finish(&batch, lost: started ? lost + torn : 0, since: before, head: head, copy: checkpoint ? copy : nil, moment)
    started = true
    return batch.events.isEmpty ? nil : batch
  }

  /// Bytes up to the last event that is surely whole: where a read was cut at its limit, the last one may not be.
  private func wholeEvents(_ slots: UnsafeRawBufferPointer) -> Int {
    let count = slots.count / RingLayout.slotSize
    guard count >= RingReader.readLimit else { return count * RingLayout.slotSize }
    var last = count - 1
    while last > 0, slots[last * RingLayout.slotSize] == SlotKind.more.rawValue { last -= 1 }
    return last * RingLayout.slotSize
  }

  /// Adds what a batch gets besides its events: the gap before them, the checkpoint behind them.
  private func finish(
    _ batch: inout Batch, lost: UInt64, since: Instant, head: UInt64, copy: LiveTable?, _ moment: Instant?
  ) {
    if lost > 0 {
      let to = batch.events.first?.time ?? decoder.now
      let gap = Gap(from: since, to: to, events: lost, reason: .overwritten)
      batch.events.insert(Event(to, .gap(gap)), at: 0)
    }
    // Only with everything up to the table's copy read do copy and events make one picture.
    guard let copy, position >= head else { return }
    var checkpoint = copy.checkpoint(decoder)
    checkpoint.replay(batch, from: head)
    checkpoint.spans = decoder.spans
    if let moment, header.counter != .virtual { decoder.reach(moment) }
    batch.add(checkpoint, at: decoder.now)
  }

  /// The first batch of a ring that has overwritten its beginning: what was open then, and still is, stands before it.
  private func adopt(_ copy: LiveTable, decoding slots: UnsafeRawBufferPointer, into batch: inout Batch) {
    var checkpoint = copy.checkpoint(decoder)
    checkpoint.spans = copy.spans(decoder)
    checkpoint.operations.removeAll { $0.operation.id.serial >= position }
    checkpoint.spans.removeAll { $0.span.id.serial >= position }
    checkpoint.chains.removeAll { $0.id.serial >= position }
    decoder.adopt(checkpoint.spans)
    decoder.decode(slots, from: position, into: &batch)
    batch.checkpoints.append(checkpoint)
    batch.events.insert(Event(batch.events.first?.time ?? decoder.now, .checkpoint(0)), at: 0)
  }

  /// Moves past what a writer at `head` may have overwritten; returns how many slots that were.
  private func skipOverwritten(head: UInt64) -> UInt64 {
    let safe = (head &+ UInt64(RingLayout.maximumEventSlots)).subtractingReportingOverflow(
      UInt64(header.regions.events.count))
    guard !safe.overflow, head >= position, safe.partialValue > position else { return 0 }
    let lost = safe.partialValue - position
    position = safe.partialValue
    return lost
  }

  private func readSlots(_ count: Int) -> [UInt8] {
    let events = header.regions.events
    let first = Int(position & UInt64(events.count - 1))
    let upper = min(count, events.count - first)
    let size = RingLayout.slotSize
    var bytes = readBytes(descriptor, at: events.offset + first * size, upper * size) ?? []
    if count > upper { bytes += readBytes(descriptor, at: events.offset, (count - upper) * size) ?? [] }
    // A file cut short under our hands reads as empty slots.
    if bytes.count < count * size { bytes += [UInt8](repeating: 0, count: count * size - bytes.count) }
    return bytes
  }

  private func readDefinitions(_ define: (Site) -> SiteID) {
    let region = header.regions.definitions
    let length = Int(min(live(RingLayout.Live.definitionsLength), UInt64(region.count)))
    guard length > definitionsRead,
      let bytes = readBytes(descriptor, at: region.offset + definitionsRead, length - definitionsRead)
    else { return }
    bytes.withUnsafeBytes { bytes in
      var offset = 0
      while let (site, number, next) = parseDefinition(bytes, at: offset) {
        if Int(number) == decoder.sites.count { decoder.sites.append(define(site)) }
        offset = next
      }
      definitionsRead += offset
    }
  }

  private func live(_ offset: Int) -> UInt64 {
    var word: UInt64 = 0
    return pread(descriptor, &word, 8, offset) == 8 ? word : 0
  }
}

/// One definition and where the next one begins; `nil` where there is none, or it reaches beyond the bytes.
private func parseDefinition(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (Site, number: UInt16, next: Int)? {
  guard bytes.count - offset >= 16 else { return nil }
  let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  let number = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self)
  let line = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)
  let function = Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt16.self))
  let file = Int(bytes.loadUnaligned(fromByteOffset: offset + 14, as: UInt16.self))
  guard length >= 16 + function + file, length <= bytes.count - offset else { return nil }
  let texts = bytes[(offset + 16)..<(offset + 16 + function + file)]
  let site = Site(
    function: String(decoding: texts.prefix(function), as: UTF8.self),
    file: String(decoding: texts.suffix(file), as: UTF8.self), line: line)
  return (site, number, offset + length)
}

/// `count` bytes of a file; `nil` where it has fewer there.
func readBytes(_ descriptor: Int32, at offset: Int, _ count: Int) -> [UInt8]? {
  let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
    filled = 0
    while filled < count {
      let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, offset + filled)
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      filled += got
    }
  }
  return bytes.count == count ? bytes : nil
}
