import CLinux
import Glibc
import Recorder
import Testing
import Trace

@Suite("Programs and memory that fail") struct FaultTests {
  @Test func whatWasPublishedBeforeAKillIsRead() throws {
    let folder = try TestFolder()
    let file = "\(folder.path)/published"
    let descriptor = ll_open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    ftruncate(descriptor, 8)
    let shared = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)!
    defer {
      munmap(shared, 8)
      close(descriptor)
      unlink(file)
    }
    let published = shared.assumingMemoryBound(to: UInt64.self)
    var random = Random(state: UInt64(getpid()))
    for _ in 0..<100 {
      ll_store_release(published, 0)
      let child = try ChildProcess("publish", folder.path, file)
      while ll_load_acquire(published) == 0 { try #require(waitpid(child.pid, nil, WNOHANG) == 0) }
      usleep(UInt32(random.next() % 3_000))
      kill(child.pid, SIGKILL)
      child.wait()
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
    let (status, said) = try ChildProcess("short", mount).wait()
    #expect(status == 0)
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
    for text in ["one", "other"] { #expect(try ChildProcess("mark", folder.path, text).wait().status == 0) }
    #expect(try folder.marks() == [["one"], ["other"]])
  }

  @Test func aLaterProcessWithTheSamePidIsAnother() throws {
    let mine = try #require(ProcessIdentity(running: getpid()))
    #expect(mine.isRunning)
    #expect(!ProcessIdentity(pid: mine.pid, started: mine.started - 1).isRunning)
  }

  @Test func aForkInMidFlightAndItsOwnForkRecordForThemselves() throws {
    let folder = try TestFolder()
    let child = try ChildProcess("fork", folder.path)
    #expect(child.wait().status == 0)
    #expect(try folder.marks() == [["child"], ["grandchild"], ["parent"]])
    let reader = try #require(try folder.readers().first { $0.header.process.pid == child.pid })
    let checkpoint = try #require(reader.read(checkpoint: true, define: { _ in .unknown })?.checkpoints.last)
    #expect(checkpoint.spans.count == 2)
    #expect(checkpoint.operations.count == 1)
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
  func readers() throws -> [RingReader] {
    try names.map { try RingReader($0, in: descriptor, loop: LoopID(1)) }
  }

  /// The remarks in each ring, sorted.
  func marks() throws -> [[String]] {
    try readers().map { $0.read { _ in .unknown }?.texts ?? [] }.sorted { $0.joined() < $1.joined() }
  }
}
