import CLinux
import Glibc
import Trace

/// Moves what loops write into their rings into a trace, without their noticing.
///
/// Not for use by several threads at once.
public final class Drain {
  /// Which rings of a folder belong into the trace.
  public enum Selection: Hashable, Sendable {
    /// All that there are and that will appear.
    case all
    /// Those of one process.
    case process(ProcessIdentity)
    /// One, by its file's name.
    case ring(String)

    func takes(_ name: String, _ header: RingHeader) -> Bool {
      switch self {
      case .all: true
      case .ring(let only): name == only
      case .process(let identity):
        identity == ProcessIdentity(pid: header.process.pid, started: header.process.started)
      }
    }
  }

  private struct Source {
    var reader: RingReader
    var nextCheckpoint: Int64 = 0
    var life = FoundRing.Life.running
    /// When its process was last seen to run.
    var aliveAt: Instant?
    var isDrained = false
  }

  private let folder: Int32
  private let selection: Selection
  private let writer: TraceWriter
  private var sources: [Source] = []
  /// Rings already opened, and those of other processes.
  private var known: Set<String> = []
  /// Rings that cannot be used, each said once.
  public private(set) var unusable: [RingError] = []

  /// Shown every batch that goes into the trace, with the trace's own ids: who looks on need not read it back.
  public var lookingOn: ((Batch) -> Void)?

  /// How many reads of 8192 slots one ring gets before the next one has its turn.
  private static let readsInTurn = 128

  /// Drains the rings of a folder. Of those that are there already the past is taken in as far as it is left; what is
  /// written from now on, and all that new ones write, is in the trace or counted there as a gap.
  ///
  /// - Throws: `RingError.folder`.
  public init(folder path: String, selecting selection: Selection, into writer: TraceWriter) throws(RingError) {
    folder = try RingFolder.open(path, create: false)
    self.selection = selection
    self.writer = writer
    findRings { $0.expectFromNow() }
  }

  /// Drains one ring, wherever somebody has put its file.
  ///
  /// - Throws: `RingError.folder` where there is no such folder; `RingError.ring` where the file is no ring.
  public init(ring path: String, into writer: TraceWriter) throws(RingError) {
    let (folder, name) = try RingCatalog.open(ringAt: path)
    self.folder = folder
    selection = .ring(name)
    self.writer = writer
    findRings { $0.expectFromNow() }
  }

  deinit { close(folder) }

  /// Whether every ring found so far has ended and been read to its end.
  public var isFinished: Bool { sources.allSatisfy(\.isDrained) }

  /// Rings found so far.
  public var loopCount: Int { sources.count }

  /// Takes in what is new, of rings that are new too; returns the number of events.
  @discardableResult public func poll() -> Int {
    findRings { $0.expectEverything() }
    var events = 0
    for index in sources.indices where !sources[index].isDrained { events += drain(index) }
    return events
  }

  /// Takes in all that is left. A loop that filled its ring faster than one turn reads it: as often as it takes, but not
  /// for ever beside one that runs on.
  public func pollToEnd() {
    for _ in 0..<64 where poll() == 0 { break }
  }

  /// Looks at the folder now: a ring must be open before its process can end and somebody can remove it. Tells each new
  /// one's reader what is due to it.
  private func findRings(_ expect: (RingReader) -> Void) {
    for name in RingFolder.rings(in: folder).sorted() where !known.contains(name) {
      let loop = LoopID(UInt16(clamping: writer.definitions.loops.count + 1))
      do throws(RingError) {
        let reader = try RingReader(name, in: folder, loop: loop)
        // Until its maker says that it is ready it is looked at again.
        guard reader.state != .opening else { continue }
        known.insert(name)
        guard selection.takes(name, reader.header) else { continue }
        let header = reader.header
        let info = LoopInfo(
          id: loop, process: header.process, name: header.name, thread: header.thread, poll: header.poll)
        guard writer.add(loop: info) == loop else { continue }
        expect(reader)
        sources.append(Source(reader: reader))
      } catch .ring(_, .notARing) {
        // Its maker may still be at it.
        continue
      } catch {
        known.insert(name)
        unusable.append(error)
      }
    }
  }

  private func drain(_ index: Int) -> Int {
    // The clock before the look at the process, and both before reading: it ran at that moment, and what it wrote
    // before it ended is read for sure.
    let now = ll_monotonic()
    let life = RingCatalog.life(of: sources[index].reader)
    if life == .running { sources[index].aliveAt = Instant(now) }
    let isDue = now >= sources[index].nextCheckpoint || life != sources[index].life
    if isDue { sources[index].nextCheckpoint = now + 1_000_000_000 }
    sources[index].life = life
    let reader = sources[index].reader
    var events = 0
    for _ in 0..<Drain.readsInTurn {
      guard let batch = reader.read(define: writer.id(of:)) else { break }
      events += take(batch)
      if reader.isDrained { break }
    }
    // With as little ahead of it as can be: what is read at once with it has to fit into one read.
    if isDue, let batch = reader.read(checkpoint: true, aliveAt: sources[index].aliveAt, define: writer.id(of:)) {
      events += take(batch)
    }
    if life != .running, reader.isDrained { sources[index].isDrained = true }
    return events
  }

  private func take(_ batch: Batch) -> Int {
    writer.append(batch)
    lookingOn?(batch)
    return batch.events.count
  }
}
