import Glibc
import Testing
import Trace

/// A folder of rings of a test's own, gone when the test is.
final class TestFolder: Sendable {
  let path: String
  let descriptor: Int32

  init(in parent: String = "/dev/shm") throws {
    path = "\(parent)/looptop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    descriptor = try RingFolder.open(path, create: true)
  }

  deinit {
    for name in names { unlinkat(descriptor, name, 0) }
    close(descriptor)
    rmdir(path)
  }

  /// The rings in it.
  var names: [String] { RingFolder.rings(in: descriptor) }

  /// The memory that the rings take, in bytes.
  var size: Int {
    names.reduce(0) { sum, name in
      var status = stat()
      return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? sum + Int(status.st_blocks) * 512 : sum
    }
  }
}
