import CLinux
import Export
import Glibc
import Trace

/// Where an export goes: standard output, or a file that is there once it is whole and not before.
final class ExportOutput {
  /// What the file is called until it is whole; `nil` for standard output.
  let temporary: String?
  private let path: String?
  private let force: Bool
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private static let limit = 1 << 16

  /// Standard output.
  static var standard: ExportOutput { ExportOutput(descriptor: STDOUT_FILENO, path: nil, temporary: nil, force: false) }

  private init(descriptor: Int32, path: String?, temporary: String?, force: Bool) {
    self.descriptor = descriptor
    self.path = path
    self.temporary = temporary
    self.force = force
  }

  /// A file, readable by its owner only; one that is there stays unless `force` says otherwise.
  ///
  /// An interruption leaves nothing behind. Throws `Failure.trace`.
  static func file(_ path: String, force: Bool) throws(Failure) -> ExportOutput {
    var status = stat()
    if lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { throw .trace(.notAFile(name: path)) }
      guard force else { throw .trace(.exists(name: path)) }
    }
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = ll_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .trace(.system(call: "create", name: path, errno: errno)) }
    removeWhenInterrupted(temporary)
    return ExportOutput(descriptor: descriptor, path: path, temporary: temporary, force: force)
  }

  deinit {
    if let temporary {
      close(descriptor)
      unlink(temporary)
    }
  }

  /// Takes bytes; they are written when there are enough of them.
  func write(_ bytes: [UInt8]) throws(ExportError) {
    buffer += bytes
    if buffer.count >= Self.limit { try flush() }
  }

  /// Writes what is left, and gives the file its name.
  func commit() throws(ExportError) {
    try flush()
    guard let path, let temporary else { return }
    // A link never replaces anything; a rename always does.
    let done = force ? rename(temporary, path) : link(temporary, path)
    if done != 0 {
      throw errno == EEXIST ? .trace(.exists(name: path)) : .system(call: "link", name: path, errno: errno)
    }
  }

  private func flush() throws(ExportError) {
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw .system(call: "write", name: path ?? "standard output", errno: count == 0 ? ENOSPC : errno)
      }
      written += count
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// What an interruption removes; a signal's handler can read nothing else.
private nonisolated(unsafe) var unfinished: UnsafeMutablePointer<CChar>?

private func removeWhenInterrupted(_ path: String) {
  unfinished = strdup(path)
  for number in [SIGINT, SIGTERM, SIGHUP] {
    signal(number) { number in
      if let unfinished { unlink(unfinished) }
      _exit(128 + number)
    }
  }
}
