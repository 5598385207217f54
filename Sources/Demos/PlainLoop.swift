import CLinux
import Glibc
import Recorder

/// A loop of the program's own, as small as can be: timers, a ready queue, and the recorder's calls where it polls and where
/// it calls back. The two things in which such loops differ, and go wrong, are the program's choice.
final class PlainLoop {
  /// How much of the ready queue is run before the next poll.
  enum Turn {
    /// What stood in it when its turn came; what that puts into it waits for the next.
    case asItStood
    /// All, and what that puts into it, and so on.
    case untilEmpty
  }

  /// How long a poll waits when nothing is ready.
  enum Wait {
    case untilTheNextTimer
    case always(Nanoseconds)
  }

  private struct Entry {
    let site: RingSite
    let operation: RingOperation
    let chain: RingChain
    let work: () -> Void
  }

  private struct Timer {
    let due: Instant
    let entry: Entry
  }

  private let recorder: Recorder
  private let turn: Turn
  private let wait: Wait
  private var ready: [Entry] = []
  /// Soonest first: a demo has a handful.
  private var timers: [Timer] = []
  /// When it ends.
  private var end = Int64.max

  init(name: String, turn: Turn, wait: Wait) {
    recorder = Recorder(loop: name, poll: "poll", options: Recorder.Options(runtime: "plain loop"))
    self.turn = turn
    self.wait = wait
  }

  /// Runs `work` after what stands in the ready queue already.
  func callSoon(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line, _ work: @escaping () -> Void
  ) {
    let site = recorder.site(function, file, line)
    let operation = recorder.queued(site, .ready, .callback)
    ready.append(Entry(site: site, operation: operation, chain: recorder.chain, work: work))
  }

  /// Runs `work` once, so long from now.
  func callLater(
    _ delay: Nanoseconds, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping () -> Void
  ) {
    let site = recorder.site(function, file, line)
    let due = Instant(ll_monotonic() + delay.count)
    let operation = recorder.created(.timer, site, due: due)
    let entry = Entry(site: site, operation: operation, chain: recorder.chain, work: work)
    let place = timers.firstIndex { $0.due > due } ?? timers.count
    timers.insert(Timer(due: due, entry: entry), at: place)
  }

  /// Runs for so many seconds, or until it is killed.
  func run(for seconds: Double?) {
    if let seconds { end = ll_monotonic() + Nanoseconds.seconds(seconds).count }
    while ll_monotonic() < end {
      waitInPoll()
      runTimers()
      runReady()
    }
    recorder.close()
  }

  private func waitInPoll() {
    let timeout = timeout
    recorder.pollEntered(timeout: timeout)
    // Whole milliseconds, and rather too late than too early. Here would be its descriptors.
    poll(nil, 0, Int32(clamping: (timeout.count + 999_999) / 1_000_000))
    recorder.pollReturned(ready: 0)
  }

  private var timeout: Nanoseconds {
    if !ready.isEmpty { return .zero }
    switch wait {
    case .always(let interval): return interval
    case .untilTheNextTimer:
      return timers.first.map { Nanoseconds(max($0.due.nanoseconds - ll_monotonic(), 0)) } ?? .seconds(1)
    }
  }

  private func runTimers() {
    let now = Instant(ll_monotonic())
    while let timer = timers.first, timer.due <= now {
      timers.removeFirst()
      let entry = timer.entry
      recorder.began(
        entry.site, .timer, .timer, operation: entry.operation, chain: entry.chain, due: timer.due)
      recorder.settled(entry.operation, .success)
      entry.work()
      recorder.ended()
    }
  }

  private func runReady() {
    repeat {
      let entries = ready
      ready = []
      recorder.readyQueue(entries.count)
      for entry in entries {
        recorder.began(entry.site, .ready, .callback, operation: entry.operation, chain: entry.chain)
        entry.work()
        recorder.ended()
      }
    } while turn == .untilEmpty && !ready.isEmpty
  }
}
