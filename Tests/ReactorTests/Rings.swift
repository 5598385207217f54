import Glibc
import Recorder
import Trace

/// A folder of its own for the rings of what a test records.
final class Rings {
  /// One of them: its loop's name, and its events in the text form, one a line, without loop and anchors; sites by the names of
  /// their functions.
  struct Ring {
    let name: String
    let events: [String]
  }

  let options: Recorder.Options
  private let folder: String

  init() throws {
    folder = "/dev/shm/looptop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    options = Recorder.Options(enabled: true, folder: folder)
  }

  deinit {
    guard let descriptor = try? RingFolder.open(folder, create: false) else { return }
    for name in RingFolder.rings(in: descriptor) { unlinkat(descriptor, name, 0) }
    close(descriptor)
    rmdir(folder)
  }

  func read() throws -> [Ring] {
    let descriptor = try RingFolder.open(folder, create: false)
    defer { close(descriptor) }
    return try RingFolder.rings(in: descriptor).map { name in
      let reader = try RingReader(name, in: descriptor, loop: LoopID(1))
      var definitions = Definitions()
      var lines: [Substring] = []
      while let batch = reader.read(define: { definitions.id(of: $0) }) {
        lines += TraceText.write(definitions: definitions, batches: [batch]).split(separator: "\n")
      }
      let events = lines.filter { $0.hasPrefix("1 ") && !$0.contains(" anchor ") }.map { $0.dropFirst(2) }
      return Ring(name: reader.header.name, events: events.map { Self.withNames($0, definitions) })
    }
  }

  private static func withNames(_ line: Substring, _ definitions: Definitions) -> String {
    line.split(separator: " ").map { field in
      guard field.hasPrefix("site="), let number = UInt32(field.dropFirst(5)) else { return String(field) }
      return "site=\(definitions.site(SiteID(number)).function)"
    }.joined(separator: " ")
  }
}
