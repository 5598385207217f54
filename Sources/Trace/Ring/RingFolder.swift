import CLinux
import Glibc

/// The folder in which a user's rings stand: `$LOOPTOP_DIR`, else `/dev/shm/looptop-UID`.
public enum RingFolder {
  /// The ending of a ring's file name.
  public static let suffix = ".ring"

  /// The folder's path, whether or not it is there.
  public static var path: String {
    if let set = getenv("LOOPTOP_DIR"), set.pointee != 0 { return String(cString: set) }
    return "/dev/shm/looptop-\(getuid())"
  }

  /// Opens the folder, made if need be; the caller closes the descriptor.
  ///
  /// Refused is what somebody else could have put there: a link, another owner, a folder that others may write to.
  /// - Throws: `RingError.folder`.
  public static func open(_ path: String = path, create: Bool) throws(RingError) -> Int32 {
    if create, mkdir(path, 0o700) != 0, errno != EEXIST {
      throw .folder(path, .errno(errno))
    }
    let descriptor = ll_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .folder(path, .errno(errno)) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let problem = RingError.Problem.errno(errno)
      close(descriptor)
      throw .folder(path, problem)
    }
    guard status.st_uid == getuid() else {
      close(descriptor)
      throw .folder(path, .owner(status.st_uid))
    }
    guard status.st_mode & 0o022 == 0 else {
      close(descriptor)
      throw .folder(path, .writableByOthers)
    }
    return descriptor
  }

  /// The names of the rings in a folder, unordered.
  public static func rings(in folder: Int32) -> [String] {
    let duplicate = openat(folder)
    guard duplicate >= 0, let stream = fdopendir(duplicate) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(suffix) { names.append(name) }
    }
    return names
  }

  // A description of its own: readdir moves the offset that duplicated descriptors share.
  private static func openat(_ folder: Int32) -> Int32 {
    ll_openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
  }
}

/// Why a ring or its folder cannot be used.
public enum RingError: Error, Hashable, Sendable {
  /// The folder of rings, by path.
  case folder(String, Problem)
  /// A ring's file, by name.
  case ring(String, Problem)

  /// What is wrong with it.
  public enum Problem: Hashable, Sendable {
    /// The system said no.
    case errno(Int32)
    /// It belongs to this other user.
    case owner(UInt32)
    /// Others may write to it, so its content proves nothing.
    case writableByOthers
    /// Its first bytes are not a ring's.
    case notARing
    /// It was written by a later major version.
    case laterVersion(major: UInt16, minor: UInt16)
    /// Its header contradicts itself or the file's size.
    case inconsistent
  }
}
