import CLinux
import Glibc
import Recorder
import Testing
import Trace

@Suite("Programs and memory that fail") struct FaultTests {
  @Test func whatWasPublishedBeforeAKillIsRead() throws {
    let folder = try TestFolder()
    let shared = mmap(nil, 4_096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)!
    defer { munmap(shared, 4_096) }
    let published = shared.assumingMemoryBound(to: UInt64.self)
    var random = Random(state: UInt64(getpid()))
    for _ in 0..<100 {
      ll_store_release(published, 0)
      let child = forked {
        let recorder = Recorder(loop: "doomed", poll: "none", options: .in(folder.path))
        for number in 1...UInt64.max {
          recorder.pool(queued: Int(number), running: 0)
          if number % 7 == 0 { recorder.mark("a text of more slots than one") }
          ll_store_release(published, number)
        }
      }
      while ll_load_acquire(published) == 0 { sched_yield() }
      usleep(UInt32(random.next() % 3_000))
      kill(child, SIGKILL)
      waitpid(child, nil, 0)
      let last = published.pointee
      let name = try #require(folder.names.first)
      let reader = try RingReader(name, in: folder.descriptor, loop: LoopID(1))
      #expect(!ProcessIdentity(pid: reader.header.process.pid, started: reader.header.process.started).isRunning)
      var numbers: [UInt64] = []
      while let batch = reader.read(checkpoint: true, define: { _ in .unknown }) {
        for event in batch.events { if case .pool(let queued, _) = event.body { numbers.append(UInt64(queued)) } }
        if reader.isDrained { break }
      }
      // At most one more than the child could still say.
      #expect(numbers.last == last || numbers.last == last + 1)
      #expect(numbers.first == 1 || numbers.count > 150_000)
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 + 1 == $1 })
      unlinkat(folder.descriptor, name, 0)
    }
  }

  @Test func whereMemoryIsShortTheRingIsSmallerThenOffWithOneLineAndLaterWholeAgain() throws {
    let mount = "/tmp/looptop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    mkdir(mount, 0o700)
    guard Glibc.mount("tmpfs", mount, "tmpfs", 0, "size=6500k,mode=700") == 0 else {
      print("Skipped: mounting a small tmpfs needs root.")
      rmdir(mount)
      return
    }
    defer {
      umount2(mount, Int32(MNT_DETACH))
      rmdir(mount)
    }
    let words = Pipe()
    let status = forkedChild {
      dup2(words.end, STDERR_FILENO)
      let recorders = (0..<8).map { Recorder(loop: "\($0)", poll: "none", options: .in(mount)) }
      // The program goes on whether or not.
      for recorder in recorders { recorder.mark("here") }
      let slots = (0..<8).map { TestFolder.slots(ofLoop: "\($0)", in: mount) }
      // One whole, then smaller ones, then none.
      guard slots[0] == 1 << 18, slots[1] < 1 << 18, slots[1] > 0, slots[7] == 0, !recorders[7].isOn else { _exit(1) }
      for recorder in recorders { recorder.close() }
      let again = Recorder(loop: "again", poll: "none", options: .in(mount))
      _exit(again.isOn && TestFolder.slots(ofLoop: "again", in: mount) == 1 << 18 ? 0 : 2)
    }
    #expect(status == 0)
    let said = words.text()
    #expect(said.split(separator: "\n").count == 1)
    #expect(said.hasPrefix("looptop: not recording: "))
  }

  @Test func bothClocksSayTheSame() throws {
    let folder = try TestFolder()
    let lists = try [Recorder.Clock.fastest, .monotonic].map { clock -> [String] in
      var options = Recorder.Options.in(folder.path)
      options.clock = clock
      let recorder = Recorder(loop: "clock", poll: "none", options: options)
      let before = ll_monotonic()
      var writer = MixedWriter(recorder: recorder, random: Random(state: 4))
      writer.write(300)
      let after = ll_monotonic()
      recorder.close()
      let name = try #require(folder.names.first)
      let reader = try RingReader(name, in: folder.descriptor, loop: LoopID(1))
      unlinkat(folder.descriptor, name, 0)
      let batch = try #require(reader.read { _ in .unknown })
      #expect(zip(batch.events, batch.events.dropFirst()).allSatisfy { $0.time <= $1.time })
      for event in batch.events.dropFirst(2).dropLast() {
        #expect(event.time > Instant(before - 1_000_000) && event.time < Instant(after + 1_000_000))
      }
      return batch.lines.filter { !$0.hasPrefix("anchor") }
    }
    #expect(lists[0].count > 300)
    #expect(lists[0] == lists[1])
  }

  @Test func twoProgramsOfOneNameHaveTheirOwnRings() throws {
    let folder = try TestFolder()
    for text in ["one", "other"] {
      let status = forkedChild {
        let recorder = Recorder(loop: "main", poll: "none", options: .in(folder.path))
        recorder.mark(text)
        recorder.close()
      }
      #expect(status == 0)
    }
    #expect(try folder.marks() == [["one"], ["other"]])
  }

  @Test func aLaterProcessWithTheSamePidIsAnother() throws {
    let mine = try #require(ProcessIdentity(running: getpid()))
    #expect(mine.isRunning)
    #expect(!ProcessIdentity(pid: mine.pid, started: mine.started - 1).isRunning)
  }

  @Test func aForkInMidFlightAndItsOwnForkRecordForThemselves() throws {
    let folder = try TestFolder()
    let recorder = Recorder(loop: "main", poll: "none", options: .in(folder.path))
    let site = recorder.site("parent", "Test.swift", 1)
    let pending = recorder.created(.deferred, site)
    recorder.began(site, .ready, .callback)
    recorder.beganNow(site, .deferred, .callback)
    let status = forkedChild {
      // What was open is the parent's: ending it here must neither crash nor write anywhere.
      recorder.settled(pending, .success)
      recorder.ended()
      recorder.ended()
      recorder.pollReturned(ready: 0)
      recorder.mark("child")
      let status = forkedChild {
        recorder.pollReturned(ready: 0)
        recorder.mark("grandchild")
        recorder.close()
      }
      recorder.close()
      _exit(status == 0 ? 0 : 1)
    }
    #expect(status == 0)
    recorder.mark("parent")
    #expect(try folder.marks() == [["child"], ["grandchild"], ["parent"]])
    let reader = try #require(try folder.readers().first { $0.header.process.pid == getpid() })
    let checkpoint = try #require(reader.read(checkpoint: true, define: { _ in .unknown })?.checkpoints.last)
    #expect(checkpoint.spans.count == 2)
    #expect(checkpoint.operations.count == 1)
    recorder.close()
  }

  @Test func withItsFolderGoneAProgramGoesOnAndItsReaderToo() throws {
    let ring = try TestRing()
    let name = RingFolder.rings(in: ring.descriptor)[0]
    unlinkat(ring.descriptor, name, 0)
    rmdir(ring.folder)
    ring.recorder.mark("still here")
    #expect(ring.recorder.isOn)
    let texts = ring.read()?.texts
    #expect(texts == ["still here"])
    ring.recorder.close()
  }
}

extension Recorder.Options {
  /// Whatever the environment says.
  static func `in`(_ folder: String) -> Recorder.Options {
    Recorder.Options(enabled: true, runtime: "tests", folder: folder)
  }
}

extension TestFolder {
  /// How many slots that loop's ring has; 0 where it has none.
  static func slots(ofLoop name: String, in path: String) -> Int {
    guard let folder = try? RingFolder.open(path, create: false) else { return 0 }
    defer { close(folder) }
    let headers = RingFolder.rings(in: folder).compactMap { try? RingReader($0, in: folder, loop: LoopID(1)).header }
    return headers.first { $0.name == name }?.regions.events.count ?? 0
  }

  func readers() throws -> [RingReader] {
    try names.map { try RingReader($0, in: descriptor, loop: LoopID(1)) }
  }

  /// The remarks in each ring, sorted.
  func marks() throws -> [[String]] {
    try readers().map { $0.read { _ in .unknown }?.texts ?? [] }.sorted { $0.joined() < $1.joined() }
  }
}

/// Starts a child that runs a body and does not come back; returns its pid.
func forked(_ body: () -> Void) -> pid_t {
  // Swift hides fork because of what a child of a threaded process may not do; this one calls only the recorder.
  let fork = dlsym(nil, "fork").map { unsafeBitCast($0, to: (@convention(c) () -> pid_t).self) }!
  let pid = fork()
  if pid == 0 {
    body()
    _exit(0)
  }
  return pid
}

/// Runs a body in a forked child and returns the child's exit status.
func forkedChild(_ body: () -> Void) -> Int32 {
  var status: Int32 = 0
  waitpid(forked(body), &status, 0)
  return status
}

/// A pipe for what a child says.
private struct Pipe {
  let begin: Int32
  let end: Int32

  init() {
    var ends: (Int32, Int32) = (0, 0)
    withUnsafeMutableBytes(of: &ends) { _ = Glibc.pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!) }
    (begin, end) = ends
  }

  /// All that was said, once nobody can say more.
  func text() -> String {
    close(end)
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = read(begin, &bytes, bytes.count)
    close(begin)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
