import Glibc

/// A folder that goes away with what is in it.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/looptop-test-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "no temporary folder (errno \(errno))")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        _ = withUnsafePointer(to: entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { unlinkat(dirfd(folder), $0, 0) }
        }
      }
      closedir(folder)
    }
    rmdir(path)
  }

  func exists(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
}
