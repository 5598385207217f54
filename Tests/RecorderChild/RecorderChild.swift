import CLinux
import Glibc
import Recorder
import Trace

/// The programs that the recorder's tests run: `RecorderChild ROLE FOLDER [ARGUMENT]`.
///
/// Not forks of the tests' own process: that has threads, one of which may hold a lock of Swift's runtime at that moment,
/// and then the child would wait for it forever.
@main struct RecorderChild {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else { exit(64) }
    let folder = arguments[2]
    switch arguments[1] {
    case "thousand": runThousandLoops(in: folder)
    case "publish": publishForever(in: folder, saying: arguments[3])
    case "short": openUntilMemoryIsShort(in: folder)
    case "mark": Recorder(loop: "main", poll: "none", options: .in(folder)).mark(arguments[3])
    case "fork": forkInMidFlight(in: folder)
    default: exit(64)
    }
  }
}

/// A thousand loops, one after the other; fails where they take more than the cap.
private func runThousandLoops(in path: String) {
  guard let folder = try? RingFolder.open(path, create: true) else { exit(1) }
  for loop in 0..<1_000 {
    let recorder = Recorder(loop: "loop \(loop)", poll: "none", options: .in(path))
    let site = recorder.site("run", "RecorderChild.swift", 1)
    recorder.mark("\(loop)")
    for _ in 0..<4_000 {
      recorder.began(site, .ready, .callback)
      recorder.ended()
    }
    recorder.close()
    guard loop % 50 == 49 else { continue }
    let size = RingFolder.rings(in: folder).reduce(0) { sum, name in
      var status = stat()
      return fstatat(folder, name, &status, 0) == 0 ? sum + Int(status.st_blocks) * 512 : sum
    }
    if size > 64 << 20 { exit(2) }
  }
}

/// Numbers, the last one published in a file that the test looks at, until somebody kills it.
private func publishForever(in folder: String, saying file: String) {
  let descriptor = ll_open(file, O_RDWR | O_CLOEXEC, 0)
  let shared = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)!
  guard shared != MAP_FAILED else { exit(1) }
  let published = shared.assumingMemoryBound(to: UInt64.self)
  let recorder = Recorder(loop: "doomed", poll: "none", options: .in(folder))
  for number in 1...UInt64.max {
    recorder.pool(queued: Int(number), running: 0)
    if number % 7 == 0 { recorder.mark("a text of more slots than one") }
    ll_store_release(published, number)
  }
}

/// Opens loops where there is no memory for all; fails where their rings are not as they should be.
private func openUntilMemoryIsShort(in folder: String) {
  let recorders = (0..<8).map { Recorder(loop: "\($0)", poll: "none", options: .in(folder)) }
  // The program goes on whether or not.
  for recorder in recorders { recorder.mark("here") }
  let slots = (0..<8).map { slotCount(ofLoop: "\($0)", in: folder) }
  // One whole, then smaller ones, then none.
  guard slots[0] == 1 << 18, slots[1] < 1 << 18, slots[1] > 0, slots[7] == 0, !recorders[7].isOn else { exit(1) }
  for recorder in recorders { recorder.close() }
  let again = Recorder(loop: "again", poll: "none", options: .in(folder))
  guard again.isOn, slotCount(ofLoop: "again", in: folder) == 1 << 18 else { exit(2) }
}

/// How many slots that loop's ring has; 0 where it has none.
private func slotCount(ofLoop name: String, in path: String) -> Int {
  guard let folder = try? RingFolder.open(path, create: false) else { return 0 }
  defer { close(folder) }
  let headers = RingFolder.rings(in: folder).compactMap { try? RingReader($0, in: folder, loop: LoopID(1)).header }
  return headers.first { $0.name == name }?.regions.events.count ?? 0
}

/// Forks inside two spans and with an operation open, and once more in the child; ends without closing its own loop.
private func forkInMidFlight(in folder: String) {
  let recorder = Recorder(loop: "main", poll: "none", options: .in(folder))
  let site = recorder.site("parent", "RecorderChild.swift", 1)
  let pending = recorder.created(.deferred, site)
  recorder.began(site, .ready, .callback)
  recorder.beganNow(site, .deferred, .callback)
  forkAndWait {
    // What was open is the parent's: ending it here must neither crash nor write anywhere.
    recorder.mark("lost: off until the next poll")
    recorder.settled(pending, .success)
    recorder.ended()
    recorder.ended()
    recorder.pollReturned(ready: 0)
    recorder.mark("child")
    forkAndWait {
      recorder.pollReturned(ready: 0)
      recorder.mark("grandchild")
      recorder.close()
    }
    recorder.close()
  }
  recorder.mark("parent")
}

private func forkAndWait(_ body: () -> Void) {
  // Swift hides fork because of what a child of a threaded process may not do; this one has one thread.
  let fork = dlsym(nil, "fork").map { unsafeBitCast($0, to: (@convention(c) () -> pid_t).self) }!
  let pid = fork()
  if pid == 0 {
    body()
    exit(0)
  }
  var status: Int32 = 0
  waitpid(pid, &status, 0)
  if status != 0 { exit(1) }
}

extension Recorder.Options {
  /// Whatever the environment says.
  fileprivate static func `in`(_ folder: String) -> Recorder.Options {
    Recorder.Options(enabled: true, runtime: "tests", folder: folder)
  }
}
