import CLinux
import Glibc
import SystemPackage
import Trace

/// A trace's file as its one writer holds it.
final class TraceFile: Sendable {
  let descriptor: Int32
  let name: String
  /// Whether it stands in a folder, where somebody can delete it.
  private let isNamed: Bool

  private init(_ descriptor: Int32, _ name: String, isNamed: Bool) {
    self.descriptor = descriptor
    self.name = name
    self.isNamed = isNamed
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
      throw errno == EEXIST ? .exists(name: name) : .system(call: "create", name: name, errno: errno)
    }
    let file = TraceFile(descriptor, name, isNamed: true)
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
      if descriptor >= 0 { return TraceFile(descriptor, folder, isNamed: false) }
    }
    let descriptor = ll_memfd_create("looptop-spool")
    guard descriptor >= 0 else { throw .system(call: "memfd_create", name: "looptop-spool", errno: errno) }
    return TraceFile(descriptor, "looptop-spool", isNamed: false)
  }

  /// Makes a file that is to take another's place once it is whole: without a name until then, so that nothing is left of
  /// it where somebody is killed; where the file system knows no files without names, under one beside the other's.
  static func successor(of other: TraceFile) throws(TraceError) -> TraceFile {
    let name = "\(other.name).\(getpid()).tmp"
    let folder = FilePath(name).removingLastComponent().string
    let descriptor = ll_open_unlinked(folder.isEmpty ? "." : folder)
    guard descriptor >= 0 else { return try create(FilePath(name), force: false) }
    let file = TraceFile(descriptor, name, isNamed: false)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .beingWritten(name: name) }
    return file
  }

  /// Makes the file end with all of `bytes`, written at `end`; or leaves it ending there, and says why.
  func write(_ bytes: [UInt8], at end: UInt64) throws(TraceError) {
    guard !isDeleted else { throw .deleted(name: name) }
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
  }

  /// Whether it had a name and has lost it: what is written to it, nobody will ever read.
  private var isDeleted: Bool {
    var status = stat()
    return isNamed && fstat(descriptor, &status) == 0 && status.st_nlink == 0
  }

  /// `count` bytes of it.
  func read(_ count: Int, at offset: UInt64) throws(TraceError) -> [UInt8] {
    var failure = EIO
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset) + off_t(filled))
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        guard got > 0 else { break }
        filled += got
      }
    }
    guard bytes.count == count else { throw .system(call: "pread", name: name, errno: failure) }
    return bytes
  }

  /// Puts this file in another's place, under its name.
  ///
  /// One without a name gets its own for that moment: no call puts a file without one in another's place.
  func replace(_ other: TraceFile) throws(TraceError) {
    guard !other.isDeleted else { throw .deleted(name: other.name) }
    if !isNamed, linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) != 0 {
      throw .system(call: "linkat", name: name, errno: errno)
    }
    guard rename(name, other.name) == 0 else { throw .system(call: "rename", name: other.name, errno: errno) }
  }

  /// Gives a range's room back; what is read there are zeros. Where the file system cannot, the file grows on.
  func punch(_ range: Range<UInt64>) {
    _ = ll_punch_hole(descriptor, Int64(range.lowerBound), Int64(range.upperBound - range.lowerBound))
  }
}
