import Glibc
import Recorder
import Testing
import Trace

/// A recorder with a clock that moves when told, in a folder of its own, and a reader on its ring.
final class TestRing {
  let clock = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
  let folder: String
  let recorder: Recorder
  let descriptor: Int32
  private(set) var sites = Definitions()
  let reader: RingReader

  init(clockIsManual: Bool = true) throws {
    clock.pointee = 1_000
    folder = "/dev/shm/looptop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    recorder = Recorder(
      loop: "test", poll: "none",
      options: Recorder.Options(
        enabled: true, clock: clockIsManual ? .manual(clock) : .fastest, runtime: "tests", folder: folder))
    descriptor = try RingFolder.open(folder, create: false)
    reader = try RingReader(RingFolder.rings(in: descriptor)[0], in: descriptor, loop: LoopID(1))
  }

  deinit {
    recorder.close()
    for name in RingFolder.rings(in: descriptor) { unlinkat(descriptor, name, 0) }
    close(descriptor)
    rmdir(folder)
    clock.deallocate()
  }

  func site(_ function: StaticString, line: UInt = 1) -> RingSite { recorder.site(function, "Test.swift", line) }

  /// What was published since the last call.
  func read(checkpoint: Bool = false) -> Batch? { reader.read(checkpoint: checkpoint) { sites.id(of: $0) } }

  /// Another reader of the ring.
  func another() throws -> RingReader {
    try RingReader(RingFolder.rings(in: descriptor)[0], in: descriptor, loop: LoopID(1))
  }

  /// The bodies of all events but anchors.
  func bodies() -> [Event.Body] {
    (read()?.events ?? []).map(\.body).filter { if case .anchor = $0 { false } else { true } }
  }
}
