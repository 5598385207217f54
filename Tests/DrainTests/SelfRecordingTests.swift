import Drain
import Glibc
import Recorder
import SystemPackage
import Testing
import Trace
import TraceStore

/// Loops of this very process, recorded by it.
@Suite struct SelfRecordingTests {
  private func withFolder(_ body: (_ rings: String, _ trace: FilePath) throws -> Void) throws {
    let folder = "/dev/shm/looptop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    let trace = folder + "/self.looptrace"
    defer {
      if let rings = try? RingFolder.open(folder, create: false) {
        for name in RingFolder.rings(in: rings) { unlinkat(rings, name, 0) }
        close(rings)
      }
      unlink(trace)
      rmdir(folder)
    }
    try body(folder, FilePath(trace))
  }

  /// Runs so many callbacks as a loop would.
  private func work(_ recorder: Recorder, _ callbacks: Int) {
    let site = recorder.site("work()", "Test.swift", 1)
    for _ in 0..<callbacks {
      recorder.pollReturned(ready: 1)
      recorder.began(site, .io, .poll)
      recorder.ended()
      recorder.pollEntered(timeout: nil)
    }
  }

  private func contents(_ path: FilePath) throws -> (events: Int, begun: Int, missing: UInt64, store: TraceStore) {
    let store = try TraceStore(path: path)
    try store.verify()
    var cursor = TraceStore.Cursor()
    var events = 0
    var begun = 0
    var missing: UInt64 = 0
    while let batch = try store.next(&cursor) {
      for event in batch.events {
        switch event.body {
        case .gap(let gap): missing += gap.events ?? 0
        case .checkpoint: break
        case .began:
          begun += 1
          events += 1
        default: events += 1
        }
      }
    }
    return (events, begun, missing, store)
  }

  @Test func everythingThatItsLoopsDidIsInTheTrace() throws {
    try withFolder { folder, path in
      let options = Recorder.Options(enabled: true, runtime: "tests", folder: folder)
      // One that was there before and goes on, one that comes and goes meanwhile.
      let first = Recorder(loop: "first", poll: "none", options: options)
      work(first, 100)
      let recording = try SelfRecording(into: path, folder: folder)
      let second = Recorder(loop: "second", poll: "none", options: options)
      work(second, 50)
      second.close()
      work(first, 200)
      recording.close()
      recording.close()
      first.close()
      let (_, begun, missing, store) = try contents(path)
      #expect(store.complete)
      #expect(begun == 350)
      #expect(missing == 0)
      #expect(Set(store.definitions.loops.map(\.name)) == ["first", "second"])
      #expect(Set(store.definitions.loops.map(\.process.pid)) == [getpid()])
      #expect(store.definitions.sites.map(\.function).contains("work()"))
    }
  }

  @Test func aTraceHasOneWriter() throws {
    try withFolder { folder, path in
      let recording = try SelfRecording(into: path, folder: folder)
      #expect(throws: SelfRecording.Failure.trace(.exists(name: path.string))) {
        try SelfRecording(into: path, folder: folder)
      }
      #expect(throws: SelfRecording.Failure.trace(.beingWritten(name: path.string))) {
        try SelfRecording(into: path, force: true, folder: folder)
      }
      recording.close()
      try SelfRecording(into: path, force: true, folder: folder).close()
      #expect(try TraceStore(path: path).complete)
    }
  }

  @Test func oneThatIsLetGoIsClosed() throws {
    try withFolder { folder, path in
      let recorder = Recorder(
        loop: "main", poll: "none", options: Recorder.Options(enabled: true, runtime: "tests", folder: folder))
      do {
        let recording = try SelfRecording(into: path, keeping: .latest(.seconds(600)), folder: folder)
        work(recorder, 10)
        _ = recording.lostEvents
      }
      recorder.close()
      let (_, begun, _, store) = try contents(path)
      #expect(begun == 10)
      #expect(store.complete)
    }
  }

  @Test func aLoopThatIsTooFastLosesCountedEventsAndNeverWaits() throws {
    try withFolder { folder, path in
      let recorder = Recorder(
        loop: "main", poll: "none", options: Recorder.Options(enabled: true, runtime: "tests", folder: folder))
      let recording = try SelfRecording(into: path, folder: folder)
      // Several times what the ring holds: the thread may keep up or not, but every event is there or counted.
      work(recorder, 500_000)
      recording.close()
      recorder.close()
      let (events, _, missing, store) = try contents(path)
      #expect(store.complete)
      #expect(events > 0)
      // Four events a callback, the loop's begin and, now and then, usage and an anchor.
      #expect((2_000_001...2_004_000).contains(events + Int(missing)))
    }
  }
}
