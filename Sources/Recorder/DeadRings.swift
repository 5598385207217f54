import Glibc
import Trace

/// Rings whose process is gone: kept for whoever wants to see what it did last, but not without end.
enum DeadRings {
  /// How many are kept.
  static let limit = 16

  /// Removes the oldest beyond the limit; looks closer only when the folder holds more files than that.
  static func prune(in folder: Int32) {
    let names = RingFolder.rings(in: folder)
    guard names.count > limit else { return }
    var dead: [(name: String, modified: Int)] = []
    for name in names {
      let parts = name.split(separator: "-")
      guard parts.count == 3, let pid = Int32(parts[0]), let started = UInt64(parts[1]),
        !ProcessIdentity(pid: pid, started: started).isRunning
      else { continue }
      var status = stat()
      // Another pid namespace's processes look dead from here: what was written lately is left alone.
      guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_uid == getuid(),
        time(nil) - status.st_mtim.tv_sec > 60
      else { continue }
      dead.append((name, status.st_mtim.tv_sec))
    }
    for ring in dead.sorted(by: { $0.modified > $1.modified }).dropFirst(limit) {
      unlinkat(folder, ring.name, 0)
    }
  }
}
