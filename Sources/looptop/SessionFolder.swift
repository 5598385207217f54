import Drain
import Glibc
import Trace

/// A folder in which the rings of one started program gather, for as long as it is recorded.
struct SessionFolder {
  let path: String

  /// Makes one within the user's folder of rings.
  ///
  /// - Throws: `Failure.ring`.
  init() throws(Failure) {
    do throws(RingError) {
      let parent = try RingFolder.open(create: true)
      SessionFolder.removeAbandoned()
      close(parent)
      path = "\(RingFolder.path)/\(RingCatalog.sessionPrefix)\(getpid())"
      close(try RingFolder.open(path, create: true))
    } catch {
      throw .ring(error)
    }
  }

  /// Removes the sessions of recorders that were killed, or crashed, before they could.
  private static func removeAbandoned() {
    for path in RingCatalog.sessions(in: RingFolder.path) where RingCatalog.isAbandoned(session: path) {
      SessionFolder(path: path).remove()
    }
  }

  private init(path: String) { self.path = path }

  /// Where the program is told to put its rings.
  var environment: [String: String] { ["LOOPTOP_DIR": path] }

  /// Removes the folder with its rings; programs that still run keep what they have mapped.
  func remove() {
    // Not ours to remove where somebody else has put something in its place.
    guard let folder = try? RingFolder.open(path, create: false) else { return }
    for name in RingFolder.rings(in: folder) { unlinkat(folder, name, 0) }
    close(folder)
    rmdir(path)
  }
}
