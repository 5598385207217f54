import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

/// A folder of a test's own, gone when the test is.
final class Folder {
  let path: FilePath

  init() throws {
    var name = Array("/tmp/looptop-test-XXXXXX".utf8CString)
    let made = name.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    try #require(made)
    path = FilePath(String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  deinit {
    for file in ["t.looptrace", "other", "link"] { unlink(path.appending(file).string) }
    rmdir(path.string)
  }

  var trace: FilePath { path.appending("t.looptrace") }

  /// What is in it.
  var names: [String] {
    get throws {
      let stream = try #require(opendir(path.string))
      defer { closedir(stream) }
      var names: [String] = []
      while let entry = readdir(stream) {
        names.append(
          withUnsafePointer(to: &entry.pointee.d_name) {
            String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
          })
      }
      return names.filter { !$0.hasPrefix(".") }.sorted()
    }
  }
}

func bytes(of path: FilePath) throws -> [UInt8] {
  let file = try FileDescriptor.open(path, .readOnly)
  defer { try? file.close() }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
    bytes += buffer[..<count]
  }
  return bytes
}

func write(_ bytes: some Sequence<UInt8>, to path: FilePath) throws {
  let file = try FileDescriptor.open(
    path, .writeOnly, options: [.create, .truncate], permissions: [.ownerRead, .ownerWrite])
  defer { try? file.close() }
  _ = try file.writeAll(bytes)
}

let one = LoopID(1)
let two = LoopID(2)

func loop(_ name: String) -> LoopInfo {
  let process = ProcessInfo(pid: 42, started: 7, command: "./server --port 80", runtime: "looptop-reactor 1")
  return LoopInfo(id: LoopID(0), process: process, name: name, thread: 43, poll: "epoll")
}

/// A loop that runs one callback a tick, event by event.
struct Life {
  let loop: LoopID
  private(set) var time: Int64 = 1_000_000
  private(set) var serial: UInt64 = 0

  init(_ loop: LoopID) { self.loop = loop }

  mutating func next() -> Event {
    time += 1_000 + Int64(serial % 7)
    defer { serial += 1 }
    let id = SpanID(loop, serial / 4 * 4 + 1)
    let began = Event.Began(id: id, kind: .timer, trigger: .timer, site: SiteID(1))
    let body: Event.Body =
      switch serial % 4 {
      case 0: .pollReturned(ready: 0)
      case 1: .began(began)
      case 2: .ended(id, threw: false)
      default: .pollEntered(timeout: .milliseconds(Int64(serial) % 10))
      }
    return Event(Instant(time), body)
  }

  mutating func batch(_ count: Int) -> Batch {
    Batch(loop: loop, events: (0..<count).map { _ in next() })
  }
}

/// Everything that a cursor gives, by loop, gaps and all.
func everything(_ store: TraceStore) throws -> [LoopID: [Event]] {
  var cursor = TraceStore.Cursor()
  var events: [LoopID: [Event]] = [:]
  while let batch = try store.next(&cursor) { events[batch.loop, default: []] += batch.events }
  return events
}

/// The gaps of all loops.
func gaps(_ events: [LoopID: [Event]]) -> [Gap] {
  events.values.joined().compactMap { if case .gap(let gap) = $0.body { gap } else { nil } }
}
