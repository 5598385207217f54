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
  /// The next slot to read, and how many events are ahead of it.
  private var place = RingPlace(position: 0, events: 0)
  private var definitionsRead = 0
  /// Whether the beginning has been looked for.
  private var started = false
  /// Slots ahead of this one are not wanted.
  private var skipped: UInt64 = 0
  /// From where on, and since when, what is gone before the first look is a loss; `nil` where it is merely the past.
  private var due: (place: RingPlace, since: Instant)?
  /// Whether events were lost since the last checkpoint: then the next batch that catches up gets one, asked for or not.
  private var owesCheckpoint = false
  /// The last event read: what the tables may lack.
  private var last: Batch

  /// The most slots that one `read` takes in; what is more comes with the next. Their events fit into a core's cache,
  /// where whoever comes next finds them.
  private static let readLimit = 1 << 13
  /// The same of one with a checkpoint, for which all that is ahead of it has to be read at once.
  private static let checkpointLimit = 1 << 16
  /// How often one `read` tries to get ahead of a writer that overtakes it.
  private static let attempts = 8

  private static func limit(withTable: Bool) -> Int { withTable ? checkpointLimit : readLimit }

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
    last = Batch(loop: loop)
    table = LiveTableReader(descriptor: descriptor, regions: header.regions)
  }

  deinit { close(descriptor) }

  private static func check(_ descriptor: Int32, _ name: String) throws(RingError) -> RingHeader {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .ring(name, .errno(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .ring(name, .notARing) }
    guard status.st_uid == getuid() else { throw .ring(name, .owner(status.st_uid)) }
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
  public var isDrained: Bool { head <= place.position }

  /// Passes over all but the last `count` slots, for who wants to know the end only; ahead of the first `read`.
  public func skip(allBut count: UInt64) {
    precondition(!started, "slots are skipped before any is read")
    let head = head
    skipped = head - min(count, head)
  }

  /// Takes all that the loop ever wrote to be due, for who was there before it: what it overwrites ahead of the first
  /// `read` is a gap.
  public func expectEverything() { due = (place, decoder.now) }

  /// Takes what the loop writes from now on to be due: what of that it overwrites ahead of the first `read` is a gap.
  public func expectFromNow() {
    guard let end = endOfRing() else { return }
    due = (end, header.counter == .virtual ? decoder.now : Instant(ll_monotonic()))
  }

  /// The events published since the last call, at most 8192 slots of them, with a checkpoint 65536; `nil` where there are
  /// none.
  ///
  /// The first batch of a ring that has overwritten its beginning begins with a checkpoint. A batch that catches up with
  /// the writer ends with one where `checkpoint` asks for it, and where events have been lost since the last one.
  /// - Parameters:
  ///   - moment: a reading of `CLOCK_MONOTONIC` from before this call at which the writer was alive. The checkpoint is of
  ///     that moment, so that a callback which never ends is seen to have run until then; without, of the last event's.
  ///   - define: gives a site its number in the trace; called once for each of the ring's sites.
  public func read(checkpoint: Bool = false, aliveAt moment: Instant? = nil, define: (Site) -> SiteID) -> Batch? {
    for _ in 0..<RingReader.attempts {
      guard let batch = step(checkpoint, moment, define) else { return nil }
      if !batch.events.isEmpty { return batch }
      // Slots, of which none is an event that is known here: what follows them may be.
    }
    return nil
  }

  private func step(_ checkpoint: Bool, _ moment: Instant?, _ define: (Site) -> SiteID) -> Batch? {
    guard let window = copyWindow(withTable: checkpoint || owesCheckpoint) else { return nil }
    readDefinitions(define)
    var batch = Batch(loop: loop)
    window.slots.withUnsafeBytes { bytes in
      let slots = window.wholeEvents(bytes, limit: RingReader.limit(withTable: window.table != nil))
      let begin = window.begin
      let passed =
        window.isBehind
        ? resume(window, slots, into: &batch) : decoder.decode(slots, from: begin.position, into: &batch)
      place = RingPlace(
        position: begin.position + UInt64(slots.count / RingLayout.slotSize), events: begin.events &+ passed)
    }
    started = true
    let before = last
    if !batch.events.isEmpty { last = batch.suffix() }
    // Only with everything up to the table's copy read do copy and events make one picture.
    if let table = window.table, checkpoint || owesCheckpoint, place.position == window.end {
      var checkpoint = table.checkpoint(decoder)
      checkpoint.replay([before, batch], from: window.known)
      checkpoint.spans = decoder.spans.all
      if let moment, header.counter != .virtual { decoder.reach(moment) }
      batch.add(checkpoint, at: decoder.now)
      owesCheckpoint = false
    }
    return batch
  }

  /// Goes on behind a loss: decodes with what is open that began before, and says ahead of it what is missing. Returns how
  /// many events the slots have.
  private func resume(_ window: RingWindow, _ slots: UnsafeRawBufferPointer, into batch: inout Batch) -> UInt64 {
    let before = decoder.now
    let begin = window.begin
    decoder.forget()
    decoder.synchronize(slots)
    let spans = window.table?.spans(decoder).filter { $0.span.id.serial < begin.position } ?? []
    decoder.adopt(spans)
    if !started, var checkpoint = window.table?.checkpoint(decoder) {
      // What was open then, and still is.
      checkpoint.spans = spans
      checkpoint.operations.removeAll { $0.operation.id.serial >= begin.position }
      checkpoint.chains.removeAll { $0.id.serial >= begin.position }
      batch.checkpoints.append(checkpoint)
    }
    let passed = decoder.decode(slots, from: begin.position, into: &batch)
    let to = batch.events.first?.time ?? decoder.now
    if !started { batch.events.insert(Event(to, .checkpoint(0)), at: 0) }
    let due = started ? (place, before) : due
    if let (place, since) = due, begin.position > place.position {
      // Within what the slots allow, whatever the ring says.
      let lost = min(max(begin.events &- place.events, 1), begin.position - place.position)
      let gap = Gap(from: min(since, to), to: to, events: lost, reason: .overwritten)
      batch.events.insert(Event(to, .gap(gap)), at: 0)
      owesCheckpoint = true
    }
    return passed
  }

  /// Copies what is new; `nil` where nothing is, or the writer is too fast for now.
  ///
  /// A reader that is behind takes in all that there is at once: only from the end, where the number of events is known,
  /// can those ahead of it be counted back.
  private func copyWindow(withTable: Bool) -> RingWindow? {
    for _ in 0..<RingReader.attempts {
      let known = head
      let isBehind = oldest(known) > place.position
      // The table before the events: what changed while it was copied is then in the events behind it.
      let copy = withTable || isBehind ? table.copy() : nil
      guard let end = endOfRing() else { continue }
      guard end.position >= place.position, end.position > place.position || copy != nil else { return nil }
      let from = max(place.position, oldest(end.position))
      let limit = isBehind ? header.regions.events.count : RingReader.limit(withTable: withTable)
      let count = min(Int(end.position - from), limit)
      let slots = readSlots(from, count)
      // What the writer may have begun to overwrite while it was being read, the event that it is at now included.
      let safe = max(from, oldest(head))
      if safe == place.position {
        return RingWindow(
          slots: slots, begin: place, end: end.position, isBehind: false, table: copy, known: known)
      }
      guard isBehind, safe < end.position else { continue }
      var skipped = Int(safe - from)
      // In the middle of an event, where its first slot is gone.
      while skipped < count, slots[skipped * RingLayout.slotSize] == SlotKind.more.rawValue { skipped += 1 }
      let rest = Array(slots[(skipped * RingLayout.slotSize)...])
      let events = end.events &- rest.withUnsafeBytes(RingPlace.events)
      return RingWindow(
        slots: rest, begin: RingPlace(position: from + UInt64(skipped), events: events), end: end.position,
        isBehind: true, table: copy, known: known)
    }
    return nil
  }

  /// The end of what is published, or an event's end shortly before it, with the number of events up to there.
  private func endOfRing() -> RingPlace? {
    for _ in 0..<RingReader.attempts {
      let before = head
      let word = RingContinuations(raw: live(RingLayout.Live.continuations))
      let after = max(head, before)
      // The word has 24 bits of a position: after a pause between these reads it would be ambiguous.
      if after - before < 1 << 20 { return RingPlace(head: before, word: word, after: after) }
    }
    return nil
  }

  /// The oldest slot that is wanted, and that a writer at `head` has certainly not begun to overwrite.
  private func oldest(_ head: UInt64) -> UInt64 {
    let (oldest, isNegative) = (head + UInt64(RingLayout.maximumEventSlots)).subtractingReportingOverflow(
      UInt64(header.regions.events.count))
    return isNegative ? skipped : max(oldest, skipped)
  }

  /// Slots ever published; no further than where this reader is where the ring says what cannot be.
  private var head: UInt64 {
    let head = live(RingLayout.Live.head)
    return head < 1 << 48 ? head : place.position
  }

  private func readSlots(_ position: UInt64, _ count: Int) -> [UInt8] {
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
