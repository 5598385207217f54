import Glibc
import Trace

/// A ring's file as the folder shows it: its name is `PID-START-ORDINAL.ring`.
struct RingFile {
  var name: String
  var process: ProcessIdentity
  var ordinal: UInt32
  /// The memory that it takes, in bytes.
  var size: Int
  /// When it was made or given back, in seconds since 1970: writing through a mapping does not count.
  var modified: Int

  /// This user's rings.
  static func all(in folder: Int32) -> [RingFile] {
    RingFolder.rings(in: folder).compactMap { RingFile($0, in: folder) }
  }

  private init?(_ name: String, in folder: Int32) {
    let parts = name.dropLast(RingFolder.suffix.count).split(separator: "-")
    guard parts.count == 3, let pid = Int32(parts[0]), let started = UInt64(parts[1]), let ordinal = UInt32(parts[2])
    else { return nil }
    var status = stat()
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_uid == getuid() else { return nil }
    self.name = name
    process = ProcessIdentity(pid: pid, started: started)
    self.ordinal = ordinal
    size = Int(status.st_blocks) * 512
    modified = status.st_mtim.tv_sec
  }

  static func name(of process: ProcessIdentity, ordinal: UInt32) -> String {
    "\(process.pid)-\(process.started)-\(ordinal)\(RingFolder.suffix)"
  }

  /// What it says of itself; `nil` where it is no ring that can be read.
  func reader(in folder: Int32) -> RingReader? { try? RingReader(name, in: folder, loop: LoopID(0)) }
}
