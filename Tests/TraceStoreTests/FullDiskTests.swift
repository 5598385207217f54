import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite struct FullDiskTests {
  /// Writes until the file cannot grow, makes room, and writes on.
  static func fillUp(_ path: FilePath, makeRoom: () -> Void, error: Int32) throws {
    let writer = try TraceWriter(creating: path)
    var life = Life(one)
    var dice = Generator(state: 1)
    _ = writer.add(loop: loop("main"))
    // It reads every event before it is lost, so for it nothing is missing, and the gap comes too late.
    let live = try TraceStore(descriptor: #require(writer.descriptor), name: "live", tail: writer)
    var cursor = TraceStore.Cursor()
    var seen: [Event] = []
    func write(_ count: Int) throws {
      for _ in 0..<count {
        var batch = life.batch(10)
        let noise = (0..<4_096).map { _ in String(UInt8.random(in: .min ... .max, using: &dice), radix: 16) }.joined()
        let text = batch.add(text: noise)
        batch.events.append(Event(Instant(life.time), .marked(text)))
        writer.append(batch)
        try live.refresh()
        while let batch = try live.next(&cursor) { seen += batch.events }
        writer.flush()
      }
    }
    try write(200)
    #expect(writer.failure == .system(call: "pwrite", name: path.string, errno: error))
    let lost = writer.lostEvents
    #expect(lost > 0 && lost < 2_200)
    makeRoom()
    try write(3)
    #expect(writer.lostEvents == lost)
    #expect(seen.count == 203 * 11)
    #expect(gaps([one: seen]).isEmpty)
    writer.close()

    let store = try TraceStore(path: path)
    try store.verify()
    #expect(store.complete)
    let events = try everything(store)
    let missing = gaps(events)
    #expect(missing.map(\.reason) == [.unwritable])
    #expect(missing.map(\.events) == [lost])
    #expect(events[one]?.count == 203 * 11 - Int(lost) + 1)
    #expect(events[one]?.last?.time == Instant(life.time))
  }

  @Test func whatDoesNotFitIntoTheFileIsACountedGap() async {
    // The limit is the process's: so this has one of its own.
    await #expect(processExitsWith: .success) {
      let folder = try Folder()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      limit.rlim_cur = 256 << 10
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let makeRoom = {
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      }
      try FullDiskTests.fillUp(folder.trace, makeRoom: { _ = makeRoom() }, error: EFBIG)
    }
  }

  static let canMount = getuid() == 0 && access("/proc/self/ns/mnt", R_OK) == 0

  @Test(.enabled(if: canMount, "mounting needs root")) func whatDoesNotFitOntoTheDiskIsACountedGap() throws {
    let folder = try Folder()
    guard mount("tmpfs", folder.path.string, "tmpfs", 0, "size=512k") == 0 else { return }
    defer { umount2(folder.path.string, Int32(MNT_DETACH)) }
    let ballast = folder.path.appending("other")
    try write([UInt8](repeating: 1, count: 200 << 10), to: ballast)
    try Self.fillUp(folder.trace, makeRoom: { unlink(ballast.string) }, error: ENOSPC)
  }
}
