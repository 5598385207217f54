import CLinux
import Glibc
import Recorder

/// The truth program's second loop, on a thread of its own: one that empties its ready queue before it polls, and now and then puts
/// into it as much as it takes out.
final class StarvingLoop: @unchecked Sendable {
  /// The name of its one callback in the trace.
  static let site = "feeds itself"
  // Unchecked: all of it is its thread's until that is joined.
  private var chance: SeededChance
  private let end: Int64
  private var deeds: [TruthDeed] = []
  private var thread = pthread_t()

  init(seconds: Double, seed: UInt64) {
    chance = SeededChance(seed: seed &+ 1)
    end = ll_monotonic() + Int64(seconds * 1e9)
    let argument = Unmanaged.passRetained(self).toOpaque()
    pthread_create(&thread, nil, { runStarvingLoop($0) }, argument)
  }

  /// Waits for its end; returns what it did.
  func join() -> [TruthDeed] {
    pthread_join(thread, nil)
    return deeds
  }

  fileprivate func run() {
    let recorder = Recorder(loop: "starving", poll: "none")
    let site = recorder.site("feeds itself", #fileID, #line)
    while ll_monotonic() < end {
      let pause = chance.length(200...900)
      recorder.pollEntered(timeout: Nanoseconds(pause))
      usleep(UInt32(pause / 1_000))
      recorder.pollReturned(ready: 1)
      starve(recorder, site, chance.length(Bool.random(using: &chance) ? 60...200 : 5...40))
    }
    recorder.pollEntered(timeout: .zero)
    recorder.close()
  }

  private func starve(_ recorder: Recorder, _ site: RingSite, _ length: Int64) {
    let (begin, cpu) = (ll_monotonic(), ll_thread_cpu_time())
    var queued = recorder.queued(site, .ready, .callback)
    var last = begin
    var longest: Int64 = 0
    while last < begin + length {
      recorder.began(site, .ready, .callback, operation: queued)
      TruthProgram.work(150_000)
      queued = recorder.queued(site, .ready, .callback)
      recorder.ended()
      let now = ll_monotonic()
      longest = max(longest, now - last)
      last = now
    }
    recorder.began(site, .ready, .callback, operation: queued)
    recorder.ended()
    // Where one of them took all the time it was that one.
    let kind: TruthDeed.Kind = longest > 50_000_000 ? .slow : .starves
    deeds.append(TruthDeed(kind, Self.site, begin, ll_monotonic(), cpu: ll_thread_cpu_time() - cpu))
  }
}

private func runStarvingLoop(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<StarvingLoop>.fromOpaque(argument!).takeRetainedValue().run()
  return nil
}

/// `--truth-hog THREADS`: keeps so many CPUs busy until it is killed.
func hogProcessors(_ arguments: [String]) -> Bool {
  guard arguments.count == 2, arguments[0] == "--truth-hog", let count = Int(arguments[1]) else { return false }
  // Whoever started it may be killed; nobody would be left to end it.
  _ = ll_end_with_parent()
  for _ in 0..<count {
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in hog() }, nil)
  }
  while true { pause() }
}

private func hog() -> UnsafeMutableRawPointer? {
  while true { _ = ll_counter() }
}
