import Glibc

/// The file that a Unix socket stands in.
struct SocketFile {
  private let path: String
  private let device: dev_t
  private let inode: ino_t

  /// What stands at `path` now; `nil` where nothing does, or no socket.
  init?(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    self.path = path
    device = status.st_dev
    inode = status.st_ino
  }

  /// Removes it, unless something else has taken its place: another process may listen there by now.
  func remove() {
    guard let now = SocketFile(path), now.device == device, now.inode == inode else { return }
    unlink(path)
  }

  /// Removes what a process left behind at this address that was killed: a socket on which nobody listens.
  ///
  /// Whoever listens there sees a connection that is closed at once. Returns whether something was removed.
  static func removeStale(_ address: SocketAddress) -> Bool {
    guard let path = address.path, let file = SocketFile(path), let probe = try? Socket.make(for: address) else {
      return false
    }
    defer { close(probe) }
    guard address.withPointer({ connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else { return false }
    file.remove()
    return true
  }
}
