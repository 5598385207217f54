import Glibc
import ReactorTesting
import Recorder
import Trace

/// A virtual reactor that records into a folder of its own, and what it recorded, in the text form.
final class Recording {
  let virtual: VirtualReactor
  private let folder: String
  private let descriptor: Int32
  private let reader: RingReader
  private var definitions = Definitions()
  private var ids: [Substring] = []
  private var descriptors: [Substring] = []

  init(threads: Int = 1) throws {
    folder = "/dev/shm/looptop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    virtual = try VirtualReactor(
      threads: threads, start: Instant(1_000_000_000), recording: Recorder.Options(enabled: true, folder: folder))
    virtual.reactor.onUnhandledFailure = { _ in }
    descriptor = try RingFolder.open(folder, create: false)
    reader = try RingReader(RingFolder.rings(in: descriptor)[0], in: descriptor, loop: LoopID(1))
  }

  deinit {
    virtual.end()
    for name in RingFolder.rings(in: descriptor) { unlinkat(descriptor, name, 0) }
    close(descriptor)
    rmdir(folder)
  }

  /// Ends the reactor and returns its events, one a line, without loop and anchors; sites by their functions' names, ids
  /// and descriptors numbered in the order of their appearance, and of addresses only the host.
  func events() -> String {
    virtual.end()
    var lines: [Substring] = []
    while let batch = reader.read(define: { definitions.id(of: $0) }) {
      let text = TraceText.write(definitions: definitions, batches: [batch])
      let events = text.split(separator: "\n").filter { $0.hasPrefix("1 ") && !$0.contains(" anchor ") }
      lines += events.map { $0.dropFirst(2) }
    }
    return lines.map(withStableNames).joined(separator: "\n")
  }

  /// As `events`, without the polls: how many it takes until a thread or a socket is heard of is chance.
  func eventsBetweenPolls() -> String {
    events().split(separator: "\n").filter { !$0.contains(" poll-") }.joined(separator: "\n")
  }

  private func withStableNames(_ line: Substring) -> String {
    line.split(separator: " ").map { field in
      if field.hasPrefix("site="), let number = UInt32(field.dropFirst(5)) {
        return "site=\(definitions.site(SiteID(number)).function)"
      }
      let parts = field.split(separator: "=", maxSplits: 1)
      // A text with a space in it is several fields here.
      guard parts.count == 2 else { return Self.withoutPort(field) }
      switch parts[0] {
      case "op", "span", "chain", "by", "on": return "\(parts[0])=\(Self.number(parts[1], in: &ids))"
      case "fd": return "fd=#\(Self.number(parts[1], in: &descriptors))"
      default: return Self.withoutPort(field)
      }
    }.joined(separator: " ")
  }

  private static func number(_ text: Substring, in known: inout [Substring]) -> Int {
    if let index = known.firstIndex(of: text) { return index + 1 }
    known.append(text)
    return known.count
  }

  private static func withoutPort(_ field: Substring) -> String {
    let host = "127.0.0.1"
    guard let range = field.firstRange(of: host + ":") else { return String(field) }
    return field[..<range.lowerBound] + host + field[range.upperBound...].drop(while: \.isNumber)
  }
}
