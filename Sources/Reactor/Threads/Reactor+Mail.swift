import Recorder
import Trace

// What other threads sent: taken before a tick's I/O, and run from where it lies in the tick's ready phase. Moving it into the
// ready queue first was measured at a quarter of what a call from a thread costs.
extension Reactor {
  /// Takes what other threads sent, for this tick's ready phase; from here on a recording knows of it.
  @inline(never)
  func takeMail() {
    if mail.take(from: remote), recorder.isOn { mail.enter { enter($0) } }
  }

  private func enter(_ item: borrowing Mail) -> QueuedEntry {
    switch item.content {
    case .call(_, let callSite):
      let site = callSite.site(in: recorder)
      let operation = recorder.queued(.none, site, .thread, .thread, chain: .none, at: item.moment)
      return QueuedEntry(site: site, operation: operation)
    case .result(let result): return enter(result, at: item.moment)
    case .job(let job): return enter(job, at: item.moment)
    }
  }

  /// Runs the next piece of mail; `false` after the last.
  @inline(__always)
  func runNextMail() -> Bool {
    guard let item = mail.next() else { return false }
    let entry = mail.entry
    switch consume item.content {
    case .call(let work, let callSite): run(consume work, callSite, entry)
    case .result(let result): deliver(result)
    case .job(let job): run(job, entry)
    }
    return true
  }

  @inline(__always)
  private func run(
    _ work: consuming @escaping (Reactor) throws -> Void, _ callSite: CallSite, _ entry: QueuedEntry
  ) {
    recorder.began(entry.site, .thread, .thread, operation: entry.operation)
    do {
      try Reactor.run(consume work, self)
      recorder.ended()
    } catch {
      failed(error, Registration(callSite, entry.site, .none, entry.operation))
    }
  }

  /// Runs it and lets go of it: a closure's destruction belongs to its span.
  @inline(__always)
  private static func run(_ work: consuming @escaping (Reactor) throws -> Void, _ reactor: Reactor) throws {
    try work(reactor)
  }

  /// Runs the jobs among the mail that was taken, and lets go of the rest; returns whether there were any.
  func runMailedJobs() -> Bool {
    var ranAny = false
    while let item = mail.next() {
      guard let job = item.content.job else { continue }
      run(job, mail.entry)
      ranAny = true
    }
    return ranAny
  }
}
