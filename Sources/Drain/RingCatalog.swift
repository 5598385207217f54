import CLinux
import Glibc
import Trace

/// A ring that somebody can read.
public struct FoundRing: Hashable, Sendable {
  /// The folder it stands in.
  public var folder: String
  /// Its file name.
  public var name: String
  /// Who writes it.
  public var header: RingHeader
  /// Whether more will come.
  public var life: Life
  /// When its last event was, `CLOCK_REALTIME` in nanoseconds; `nil` while it runs, when that is now.
  public var last: Int64?
  /// How many bytes its file has.
  public var bytes: Int

  /// Whether more will come.
  public enum Life: Hashable, Sendable {
    /// Its loop runs, as far as can be seen from here.
    case running
    /// Its loop ended in good order.
    case ended
    /// Its process is gone and did not end it.
    case died
  }
}

/// The rings that are there.
public enum RingCatalog {
  /// What a folder begins with in which one `record` gathers the rings of its program.
  public static let sessionPrefix = "session-"

  /// All rings of the user's folder and of the sessions in it, by process and loop; and those that cannot be used.
  ///
  /// - Throws: `RingError.folder`, unless the folder is merely not there: then nothing was ever recorded.
  public static func list(_ path: String = RingFolder.path) throws(RingError) -> ([FoundRing], unusable: [RingError]) {
    var rings: [FoundRing] = []
    var unusable: [RingError] = []
    for folder in [path] + sessions(in: path) {
      let descriptor: Int32
      do throws(RingError) {
        descriptor = try RingFolder.open(folder, create: false)
      } catch .folder(_, .errno(ENOENT)) {
        continue
      } catch {
        guard folder != path else { throw error }
        unusable.append(error)
        continue
      }
      defer { close(descriptor) }
      for name in RingFolder.rings(in: descriptor) {
        do throws(RingError) {
          rings.append(try open(name, in: descriptor, folder))
        } catch .ring(_, .errno(ENOENT)) {
          continue
        } catch {
          unusable.append(error)
        }
      }
    }
    let sorted = rings.sorted {
      ($0.header.process.pid, $0.header.process.started, $0.header.ordinal)
        < ($1.header.process.pid, $1.header.process.started, $1.header.ordinal)
    }
    return (sorted, unusable)
  }

  /// Throws where a file is not there or is no ring: `RingError.folder` or `RingError.ring`.
  public static func check(ringAt path: String) throws(RingError) { close(try open(ringAt: path).folder) }

  /// The folder, opened, and the name in it of a file that is a ring.
  static func open(ringAt path: String) throws(RingError) -> (folder: Int32, name: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let name = parts.last.map(String.init) ?? path
    let parent = parts.count > 1 ? parts.dropLast().joined(separator: "/") + "/" : "."
    // Not checked as the folder of rings is: the file was named by its path. The file itself is.
    let folder = ll_open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard folder >= 0 else { throw .folder(parent, .errno(errno)) }
    do throws(RingError) {
      _ = try RingReader(name, in: folder, loop: LoopID(0))
    } catch {
      close(folder)
      throw error
    }
    return (folder, name)
  }

  private static func open(_ name: String, in descriptor: Int32, _ folder: String) throws(RingError) -> FoundRing {
    let reader = try RingReader(name, in: descriptor, loop: LoopID(0))
    let life = life(of: reader)
    return FoundRing(
      folder: folder, name: name, header: reader.header, life: life, last: life == .running ? nil : last(of: reader),
      bytes: reader.header.regions.totalSize)
  }

  /// A ring's file says nothing of when it was last written: its pages are mapped. Its last event does.
  private static func last(of reader: RingReader) -> Int64 {
    let anchor = reader.header.anchor
    var last = anchor.monotonic
    reader.skip(allBut: 4_096)
    if let event = reader.read(define: { _ in .unknown })?.events.last { last = max(last, event.time) }
    return anchor.realtime &+ (last - anchor.monotonic).count
  }

  /// Unlinks the ring of a process that is gone; false where it may not be, and the ring is left alone.
  ///
  /// A loop that ended leaves its ring to the next loop of its process: that one counts as used.
  public static func remove(_ ring: FoundRing) -> Bool {
    let isOfSession = sessionRecorder(ring.folder) != nil
    guard isGone(ring.header), !isOfSession || isAbandoned(session: ring.folder),
      let folder = try? RingFolder.open(ring.folder, create: false)
    else { return false }
    defer { close(folder) }
    guard unlinkat(folder, ring.name, 0) == 0 else { return false }
    // Fails, as it should, where the folder holds more.
    if isOfSession { rmdir(ring.folder) }
    return true
  }

  /// The pid of the recorder whose session's folder this is; `nil` where it is none.
  private static func sessionRecorder(_ path: String) -> Int32? {
    guard let name = path.split(separator: "/").last, name.hasPrefix(sessionPrefix) else { return nil }
    return Int32(name.dropFirst(sessionPrefix.count))
  }

  /// Whether a session's recorder is gone: it was killed before it could remove the folder.
  public static func isAbandoned(session path: String) -> Bool {
    sessionRecorder(path).map { ProcessIdentity(running: $0) == nil } ?? false
  }

  /// Whether a process has surely ended.
  private static func isGone(_ header: RingHeader) -> Bool {
    guard header.bootID == ProcessIdentity.bootID else { return true }
    let identity = ProcessIdentity(pid: header.process.pid, started: header.process.started)
    return header.pidNamespace == ProcessIdentity.namespace && !identity.isRunning
  }

  /// Whether more will come from a ring.
  static func life(of reader: RingReader) -> FoundRing.Life {
    if reader.state == .ended { return .ended }
    let header = reader.header
    guard header.bootID == ProcessIdentity.bootID else { return .died }
    // The pids of another namespace say nothing here; only the ring itself can say that it ended.
    guard header.pidNamespace == ProcessIdentity.namespace else { return .running }
    let identity = ProcessIdentity(pid: header.process.pid, started: header.process.started)
    return identity.isRunning ? .running : .died
  }

  /// The folders of sessions in a folder of rings, in use or left over.
  public static func sessions(in path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var found: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(sessionPrefix) { found.append("\(path)/\(name)") }
    }
    return found.sorted()
  }
}
