import CLinux
import Glibc
import SystemPackage
import Trace

/// A trace's file as its one writer holds it: grows by whole chunks or not at all.
struct TraceFile: ~Copyable {
  let descriptor: Int32
  let name: String
  /// Where the next chunk goes.
  private(set) var end: UInt64 = 0

  private init(_ descriptor: Int32, _ name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  deinit { close(descriptor) }

  /// Makes a file that nobody else had, readable by its owner only, and locks it.
  ///
  /// With `force` an existing file is unlinked first, so that who reads it keeps it; one that is being written is not.
  static func create(_ path: FilePath, force: Bool) throws(TraceError) -> TraceFile {
    let name = path.string
    if force { try unlinkOld(name) }
    let descriptor = ll_open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw errno == EEXIST ? .exists(name: name) : .system(call: "open", name: name, errno: errno)
    }
    let file = TraceFile(descriptor, name)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .beingWritten(name: name) }
    return file
  }

  private static func unlinkOld(_ name: String) throws(TraceError) {
    let old = ll_open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0)
    guard old >= 0 else {
      if errno == ENOENT { return }
      throw errno == ELOOP ? .notAFile(name: name) : .system(call: "open", name: name, errno: errno)
    }
    defer { close(old) }
    var status = stat()
    guard fstat(old, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(name: name) }
    guard flock(old, LOCK_EX | LOCK_NB) == 0 else { throw .beingWritten(name: name) }
    guard unlink(name) == 0 else { throw .system(call: "unlink", name: name, errno: errno) }
  }

  /// Makes a file without a name: on disk where a folder for such files allows it, else in memory.
  static func unlinked() throws(TraceError) -> TraceFile {
    let folders = [getenv("TMPDIR").map { String(cString: $0) }, "/var/tmp", "/tmp"].compactMap(\.self)
    for folder in folders {
      let descriptor = ll_open_unlinked(folder)
      if descriptor >= 0 { return TraceFile(descriptor, folder) }
    }
    let descriptor = ll_memfd_create("looptop-spool")
    guard descriptor >= 0 else { throw .system(call: "memfd_create", name: "looptop-spool", errno: errno) }
    return TraceFile(descriptor, "looptop-spool")
  }

  /// Appends all of `bytes`, or none and says why.
  mutating func append(_ bytes: [UInt8]) throws(TraceError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + written, $0.count - written, off_t(end) + off_t(written))
      }
      if count > 0 {
        written += count
      } else if count == 0 || errno != EINTR {
        let failure = TraceError.system(call: "pwrite", name: name, errno: count == 0 ? ENOSPC : errno)
        // Half a chunk is of no use to a reader, and its room may be what the next one needs. If this fails too, the
        // next chunk is written over it.
        _ = ftruncate(descriptor, off_t(end))
        throw failure
      }
    }
    end += UInt64(bytes.count)
  }

  /// Gives a range's room back; what is read there are zeros. Where the file system cannot, the file grows on.
  func punch(_ range: Range<UInt64>) {
    _ = ll_punch_hole(descriptor, Int64(range.lowerBound), Int64(range.upperBound - range.lowerBound))
  }
}
