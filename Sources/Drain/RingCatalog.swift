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

  private static func open(_ name: String, in descriptor: Int32, _ folder: String) throws(RingError) -> FoundRing {
    let reader = try RingReader(name, in: descriptor, loop: LoopID(0))
    return FoundRing(folder: folder, name: name, header: reader.header, life: life(of: reader))
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
