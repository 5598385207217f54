import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite struct KeepTests {
  /// Two loops, of which each second holds a checkpoint and some texts that cannot be packed.
  private func write(seconds: Range<Int>, to writer: TraceWriter, _ dice: inout Generator) {
    for second in seconds {
      for loop in [one, two] {
        var batch = Batch(loop: loop)
        let time = Instant(Int64(second) * 1_000_000_000)
        batch.add(Checkpoint(readyQueue: UInt32(second)), at: time)
        for part in 0..<4 {
          let noise = (0..<2_000).map { _ in String(UInt8.random(in: .min ... .max, using: &dice), radix: 16) }
          let text = batch.add(text: noise.joined())
          batch.events.append(Event(time + .milliseconds(Int64(part) * 200), .marked(text)))
        }
        writer.append(batch)
      }
      writer.flush(olderThan: .milliseconds(300))
    }
  }

  private func blocks(_ path: FilePath) -> Int64 {
    var status = stat()
    return stat(path.string, &status) == 0 ? Int64(status.st_blocks) * 512 : -1
  }

  private func begin(_ folder: Folder, _ keep: Keep) throws -> TraceWriter {
    let writer = try TraceWriter(creating: folder.trace, keeping: keep)
    _ = writer.id(of: Site(function: "tick()", file: "main.swift", line: 7))
    _ = writer.add(loop: loop("main"))
    _ = writer.add(loop: loop("other"))
    return writer
  }

  @Test(arguments: [Keep.bytes(256 << 10), .latest(.seconds(10))])
  func theFileStaysWithinBoundsAndEndsAsAnOrdinaryTrace(_ keep: Keep) throws {
    let folder = try Folder()
    let writer = try begin(folder, keep)
    var dice = Generator(state: 1)
    for second in 0..<120 {
      write(seconds: second..<(second + 1), to: writer, &dice)
      #expect(blocks(folder.trace) < 512 << 10)
    }
    writer.close()
    #expect(writer.failure == nil)
    let store = try TraceStore(path: folder.trace)
    try store.verify()
    #expect(store.complete)
    #expect(store.definitions.loops.map(\.name) == ["main", "other"])
    #expect(store.definitions.sites.count == 2)
    let events = try everything(store)
    #expect(gaps(events).isEmpty)
    for loop in [one, two] {
      let first = try #require(events[loop]?.first)
      guard case .checkpoint = first.body else {
        Issue.record("begins with \(first)")
        continue
      }
      #expect(events[loop]?.last?.time == Instant(119_600_000_000))
      let kept = Instant(119_600_000_000) - first.time
      if case .latest(let length) = keep { #expect(kept >= length && kept <= length + .seconds(4)) }
      #expect(kept > .seconds(8) && kept < .seconds(30))
    }
    // Nothing else is left beside it.
    var status = stat()
    #expect(stat(folder.path.string, &status) == 0)
    #expect(try bytes(of: folder.trace).count < 512 << 10)
  }

  @Test func whatAKilledWriterLeavesCanBeReadAndSaysWhatWasLetGo() throws {
    let folder = try Folder()
    let writer = try begin(folder, .bytes(128 << 10))
    var dice = Generator(state: 1)
    write(seconds: 0..<60, to: writer, &dice)
    writer.flush()
    // As it is on disk now, without a close.
    let store = try TraceStore(path: folder.trace)
    try store.verify()
    #expect(!store.diagnostics.closed)
    #expect(store.diagnostics.damage.allSatisfy { $0.reason == .overwritten })
    #expect(store.definitions.loops.map(\.name) == ["main", "other"])
    let events = try everything(store)
    for loop in [one, two] {
      let own = events[loop] ?? []
      let missing = gaps([loop: own])
      #expect(missing.map(\.reason) == [.overwritten])
      #expect(missing.reduce(0) { $0 + Int($1.events ?? 0) } + own.count - missing.count == 60 * 5)
      #expect(own.last?.time == Instant(59_600_000_000))
    }
  }

  @Test func nothingIsLeftBesideByOneThatIsKilledWhileItCloses() async throws {
    let folder = try Folder()
    let trace = folder.trace.string
    // The limit is the process's, and whoever goes beyond it is killed: so this has one of its own.
    await #expect(processExitsWith: .signal(SIGXFSZ)) { [trace = trace as String] in
      let writer = try TraceWriter(creating: FilePath(trace), keeping: .bytes(128 << 10))
      _ = writer.add(loop: loop("main"))
      var dice = Generator(state: 1)
      KeepTests().write(seconds: 0..<60, to: writer, &dice)
      writer.flush()
      // Nothing more goes into the file itself, and what was kept of it does not fit into another one.
      var limit = rlimit(rlim_cur: 64 << 10, rlim_max: 64 << 10)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      signal(SIGXFSZ, SIG_DFL)
      var none = sigset_t()
      pthread_sigmask(SIG_SETMASK, &none, nil)
      writer.close()
    }
    #expect(try folder.names == ["t.looptrace"])
    #expect(try TraceStore(path: folder.trace).chunks.count > 0)
  }

  @Test func ofWhatIsKeptATimeCanBeSaved() throws {
    let folder = try Folder()
    let writer = try TraceWriter(spool: .latest(.seconds(60)))
    _ = writer.add(loop: loop("main"))
    _ = writer.add(loop: loop("other"))
    var dice = Generator(state: 1)
    write(seconds: 0..<50, to: writer, &dice)
    try writer.save(from: Instant(20_300_000_000), to: Instant(29_100_000_000), as: folder.trace)
    write(seconds: 50..<60, to: writer, &dice)
    let store = try TraceStore(path: folder.trace)
    try store.verify()
    #expect(store.complete)
    let events = try everything(store)
    for loop in [one, two] {
      #expect(events[loop]?.first?.time == Instant(20_000_000_000))
      let last = try #require(events[loop]?.last?.time)
      #expect(last >= Instant(29_000_000_000) && last <= Instant(29_600_000_000))
    }
    #expect(throws: TraceError.exists(name: folder.trace.string)) {
      try writer.save(from: Instant(0), to: Instant(1), as: folder.trace)
    }
  }

  @Test func aDeletedFileIsSaid() throws {
    let folder = try Folder()
    let writer = try TraceWriter(creating: folder.trace)
    var life = Life(one)
    writer.append(life.batch(10))
    writer.flush()
    unlink(folder.trace.string)
    writer.append(life.batch(10))
    writer.close()
    #expect(writer.failure == .deleted(name: folder.trace.string))
    #expect(writer.lostEvents == 10)
  }
}
