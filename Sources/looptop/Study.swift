import Analysis
import CLinux
import Trace
import TraceStore

/// A trace and what is known of it so far: the same for a file and for one that is still being written.
final class Study {
  /// The trace.
  let store: TraceStore
  /// What is known of it.
  private(set) var analyzer: Analyzer
  /// Whether more is coming: then what is open is judged up to now.
  var isLive: Bool
  /// Whether all of a file was taken in.
  private(set) var isRead = false
  private var cursor = TraceStore.Cursor()
  /// The end of the part that was read, where the trace goes on.
  private var judged: Instant?
  /// Where only some time is studied: how much of it was taken in.
  private var excerpt: Excerpt?

  /// Studies a file, and in it what takes longer than the limits allow, where there are any.
  convenience init(file: String, thresholds: Thresholds = Thresholds(), limits: Limits? = nil) throws(Failure) {
    self.init(try openTrace(file), thresholds: thresholds, limits: limits)
  }

  /// Studies what is at rest, in the same way.
  init(_ store: TraceStore, thresholds: Thresholds = Thresholds(), limits: Limits? = nil) {
    self.store = store
    analyzer = limits.map { Analyzer(thresholds: thresholds, limits: $0) } ?? Analyzer(thresholds: thresholds)
    isLive = false
  }

  /// Studies what is being recorded: all that was taken in by now, and whatever is as it comes.
  init(_ recording: Recording, thresholds: Thresholds = Thresholds()) throws(Failure) {
    do throws(TraceError) {
      guard let descriptor = recording.writer.descriptor else {
        throw TraceError.system(call: "open", name: "the spool", errno: 9)
      }
      store = try TraceStore(descriptor: descriptor, name: "the spool", tail: recording.writer)
    } catch {
      throw .trace(error)
    }
    analyzer = Analyzer(thresholds: thresholds)
    isLive = true
    try advance()
    // What is in hand is not packed, written, read and unpacked first: that was a fifth of the cost of watching.
    recording.show { [weak self, writer = recording.writer] batch in
      self?.analyzer.consume(batch, definitions: writer.definitions)
    }
  }

  /// Studies some time of what another one studies, as far as it is recorded by now.
  init(of range: ClosedRange<Instant>, in whole: Study) {
    store = whole.store
    analyzer = Analyzer(thresholds: whole.analyzer.thresholds)
    isLive = false
    judged = range.upperBound
    excerpt = Excerpt(of: range, in: store)
  }

  /// How much of an excerpt has been read, 0 … 1; `nil` when that is all.
  var progress: Double? { isRead ? nil : excerpt?.progress }

  /// Takes in all that there is.
  private func advance() throws(Failure) {
    do throws(TraceError) {
      try store.refresh()
      while let batch = try store.next(&cursor) {
        analyzer.consume(batch, definitions: store.definitions)
      }
    } catch {
      throw .trace(error)
    }
  }

  /// Lets the store know of what was written since.
  func refresh() throws(Failure) {
    do throws(TraceError) {
      try store.refresh()
    } catch {
      throw .trace(error)
    }
  }

  /// Takes in more of a file, or of a part, for about that long; no chunk is left half read.
  func advance(for time: Nanoseconds) throws(Failure) {
    let end = ll_monotonic() + time.count
    do throws(TraceError) {
      while ll_monotonic() < end, !isRead {
        guard let batch = try excerpt == nil ? store.next(&cursor) : excerpt?.next() else {
          isRead = true
          return
        }
        analyzer.consume(batch, definitions: store.definitions)
      }
    } catch {
      throw .trace(error)
    }
  }

  /// Takes in all of a file, with the analysis on one core and what it needs next on another.
  ///
  /// On a terminal it says how far it has come.
  func readFile() throws(Failure) {
    // Batches come and go by the megabyte: faulting their pages in again each time was 6 % of a report.
    ll_keep_freed(32 << 20)
    // All that a file at rest will ever define was read when it was opened, and the store is not ours meanwhile.
    let definitions = store.definitions
    var progress = Progress(of: store.chunks.lazy.filter { $0.missing == nil }.reduce(0) { $0 &+ $1.count })
    defer { progress.erase() }
    do throws(TraceError) {
      try store.readAhead(&cursor) { batch in
        analyzer.consume(batch, definitions: definitions)
        progress.advance(by: UInt64(batch.events.count))
      }
    } catch {
      throw .trace(error)
    }
  }

  /// Takes in a part of a file: only the chunks that it lies in are read.
  func readFile(_ part: TracePart) throws(Failure) {
    if part.isWhole { return try readFile() }
    let wanted = zip(store.chunks.indices, store.chunks).filter { part.overlaps($0.1) }
    var progress = Progress(of: wanted.reduce(0) { $0 &+ $1.1.count })
    defer { progress.erase() }
    do throws(TraceError) {
      if let begin = part.from, !wanted.isEmpty { try open(at: begin, part.loops) }
      for (index, chunk) in wanted {
        analyzer.consume(part.cut(try store.batch(index)), definitions: store.definitions)
        progress.advance(by: chunk.count)
      }
    } catch {
      throw .trace(error)
    }
    // Where the trace goes on, what is open is judged at the part's end.
    if let end = part.to, store.chunks.contains(where: { $0.to > end }) { judged = end }
  }

  /// Takes in what was open at a moment, as the screens do where only some time is looked at.
  private func open(at begin: Instant, _ loops: Set<LoopID>?) throws(TraceError) {
    let lens = Lens(store)
    for loop in store.definitions.loops.map(\.id) where loops?.contains(loop) ?? true {
      guard let opening = try lens.opening(of: loop, at: begin) else { continue }
      analyzer.consume(opening, definitions: store.definitions)
    }
  }

  /// Who made the callbacks of those chains wait; reads their part of the trace again.
  func ledgers(of chains: [ChainReport]) throws(Failure) -> Ledgers {
    do throws(TraceError) {
      return try Ledgers(
        in: store, of: .chains(Set(chains.map(\.id))), within: chains.map { $0.began...$0.began + $0.duration })
    } catch {
      throw .trace(error)
    }
  }

  /// The steps of those chains; reads their part of the trace again.
  func waterfalls(of chains: [ChainReport]) throws(Failure) -> Waterfalls {
    do throws(TraceError) { return try Waterfalls(of: chains, in: store) } catch { throw .trace(error) }
  }

  /// What is known now.
  var report: Report { analyzer.report(at: now) }

  /// What took longer than the limits allow, up to now.
  var overlong: [Overlong] { analyzer.overlong(at: now) }

  /// How busy the loops were, up to now.
  var timeline: Timeline { analyzer.timeline(at: now) }

  private var now: Instant? { isLive ? Instant(ll_monotonic()) : judged }
}
