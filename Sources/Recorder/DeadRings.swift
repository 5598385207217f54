import Glibc
import Trace

/// Rings whose process is gone: kept for whoever wants to see what it did last, but not without end.
enum DeadRings {
  /// What they may take together, in bytes.
  private static let sizeLimit = 64 << 20
  /// How long they are kept, in seconds.
  private static let ageLimit = 7 * 24 * 3_600

  /// Removes what is too old and, beyond the limit, the oldest.
  static func prune(in folder: Int32) {
    let now = time(nil)
    var running: [ProcessIdentity: Bool] = [:]
    let dead = RingFile.all(in: folder).filter { ring in
      // A new one has no header yet.
      guard now - ring.modified > 60 else { return false }
      if let header = ring.reader(in: folder)?.header {
        if header.bootID != ProcessIdentity.bootID { return true }
        // Another namespace's pids mean nothing here: only age tells.
        if header.pidNamespace != ProcessIdentity.namespace { return now - ring.modified > ageLimit }
      }
      if let known = running[ring.process] { return !known }
      running[ring.process] = ring.process.isRunning
      return running[ring.process] == false
    }
    var kept = 0
    for ring in dead.sorted(by: { ($0.modified, $0.ordinal) > ($1.modified, $1.ordinal) }) {
      if now - ring.modified <= ageLimit, kept + ring.size <= sizeLimit {
        kept += ring.size
      } else {
        unlinkat(folder, ring.name, 0)
      }
    }
  }
}
