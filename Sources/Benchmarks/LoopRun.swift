import CLinux
import Glibc
import Reactor

/// Our reactor as a program to be measured: what `Scripts/peers/loop.h` says of the others holds for it too.
///
/// `--loop MODE SCENARIO` answers each count with nanoseconds of the process's CPU time a callback (or a chain).
enum LoopRun {
  enum Scenario: String {
    case iteration, readable, timers, burst, ping, chain, echo
  }

  /// Whether the reactor records, into its ring.
  enum Mode: String, CaseIterable {
    case untraced, traced
  }

  /// Runs what `arguments` say, if they are `--loop MODE SCENARIO`.
  static func run(_ arguments: [String]) -> Bool {
    guard arguments.count == 3, arguments[0] == "--loop", let mode = Mode(rawValue: arguments[1]),
      let scenario = Scenario(rawValue: arguments[2])
    else { return false }
    var recording = Reactor.recording
    recording.enabled = mode == .traced
    if scenario == .echo { serveEchoes(recording) }
    while let line = readLine(), let count = Int(line), count > 0 {
      guard let reactor = try? Reactor(threads: 1, recording: recording) else { break }
      print(decimal(run(scenario, reactor, count) / Double(count)))
      fflush(nil)
    }
    return true
  }

  /// How long `count` of them take, in nanoseconds of the process's CPU time; without making and ending the reactor.
  private static func run(_ scenario: Scenario, _ reactor: Reactor, _ count: Int) -> Double {
    let counter = Counter(reactor, count)
    switch scenario {
    case .iteration: counter.iterate()
    case .readable: counter.watchReadable()
    case .timers: reactor.callSoon { counter.setTimers(on: reactor) }
    case .burst: return post(reactor, count, batch: 1000)
    case .ping: return post(reactor, count, batch: 1)
    case .chain: reactor.callSoon { counter.fireChains(on: reactor) }
    case .echo: fatalError("a server never ends")
    }
    return counter.run()
  }
}

/// Counts callbacks down, and stops the reactor and the clock with the last.
private final class Counter {
  private let reactor: Reactor
  // Not the counting is to be measured.
  @exclusivity(unchecked) private var left: Int
  private var end: Int64 = 0
  private var readable: Int32 = -1

  init(_ reactor: Reactor, _ count: Int) {
    self.reactor = reactor
    left = count
  }

  deinit { close(readable) }

  func run() -> Double {
    let begin = ll_process_cpu_time()
    reactor.run()
    return Double(end - begin)
  }

  func count() {
    left -= 1
    if left > 0 { return }
    end = ll_process_cpu_time()
    reactor.stop()
  }

  /// Calls for itself again, in the next pass.
  func iterate() {
    count()
    reactor.callSoon(iterate)
  }

  /// Is told of one descriptor in each pass.
  func watchReadable() {
    var one: UInt64 = 1
    readable = ll_eventfd()
    write(readable, &one, MemoryLayout<UInt64>.size)
    let watch = reactor.watch(readable, "always readable")
    do { try watch.onReadable { self.count() } } catch { fatalError("\(error)") }
  }

  /// In one callback: all of them count from its tick, as the other loops' timers do from a time read once.
  func setTimers(on reactor: Reactor) {
    for index in 0..<1000 {
      reactor.callEvery(.milliseconds(Int64(1 + index % 5))) { self.count() }
    }
  }

  /// A chain of five steps for each that is left, one after the other in this same callback.
  func fireChains(on reactor: Reactor) {
    while left > 0 {
      let number = left
      let deferred = Deferred<Int>(on: reactor)
      let second = deferred.addCallback { $0 + 1 }
      let third = second.addCallback { $0 + 2 }
      let fourth = third.addCallback { $0 + 3 }
      let fifth = fourth.addCallback { $0 + 4 }
      fifth.addCallback { precondition($0 == number + 10) }
      deferred.callback(number)
      count()
    }
  }
}

// MARK: Calls from a thread

/// What both threads know: in globals, as the C loops have it.
private nonisolated(unsafe) var poster: (remote: Remote, batches: Int, batch: Int)!
private nonisolated(unsafe) var callsLeft = 0
private nonisolated(unsafe) var batchLeft = 0
// By its address: each use of a global by reference would be checked for others at the same time.
private nonisolated(unsafe) let batchDone = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
private nonisolated(unsafe) var callsEnd: Int64 = 0

/// Another thread calls `batch` times, waits until all of them have run, and so on.
private func post(_ reactor: Reactor, _ count: Int, batch: Int) -> Double {
  poster = (reactor.remote, (count + batch - 1) / batch, batch)
  callsLeft = poster.batches * batch
  batchLeft = batch
  sem_init(batchDone, 0, 0)
  var thread = pthread_t()
  let begin = ll_process_cpu_time()
  pthread_create(&thread, nil, { _ in postBatches() }, nil)
  reactor.run()
  pthread_join(thread, nil)
  return Double(callsEnd - begin)
}

private func postBatches() -> UnsafeMutableRawPointer? {
  let (remote, batches, batch) = poster!
  for _ in 0..<batches {
    for _ in 0..<batch { remote.call(called) }
    while sem_wait(batchDone) != 0 {}
  }
  return nil
}

@Sendable private func called(_ reactor: Reactor) {
  callsLeft -= 1
  batchLeft -= 1
  if batchLeft == 0 { batchEnded(reactor) }
}

/// Out of the way of a call that only counts.
@inline(never)
private func batchEnded(_ reactor: Reactor) {
  if callsLeft == 0 {
    callsEnd = ll_process_cpu_time()
    reactor.stop()
  }
  batchLeft = poster.batch
  sem_post(batchDone)
}
