import Trace

/// The wait of a callback that begins.
struct Wait {
  var readiness: Readiness
  /// Whether the log knew of it before.
  var wasQueued: Bool
  var chain: BlameLog.WaitingChain?
  /// Whether callbacks of its own chain may have run meanwhile.
  var ownMayHaveRun: Bool

  /// A wait for which there was that entry in the ready queue, of a callback whose chain stands at a slot.
  @inline(__always)
  init(_ readiness: Readiness, entry: QueueEntry?, _ chains: ChainTable, _ slot: Int?) {
    self.readiness = readiness
    wasQueued = entry != nil
    // Field by field: a copy of the record would keep its texts alive and let go of them again.
    chain = entry.map(\.waitingChain) ?? slot.map { chains.waiting($0) }
    ownMayHaveRun =
      slot.map { chains[$0].stepCount > 0 && (chains[$0].open > 0 || chains[$0].lastActivity > readiness.earliest) }
      ?? false
  }
}

// Who let whom wait.
extension Analyzer {
  /// A callback has begun that waited.
  @inline(__always)
  mutating func end(_ wait: Wait, of span: Event.Began, at time: Instant, _ loop: inout LoopAnalysis) {
    let delay = time - wait.readiness.certain
    loop.delays.record(delay, of: span.kind)
    if span.kind == .timer && delay > thresholds.late {
      noteLate(span.site, wait.readiness.certain, delay, at: time, &loop)
    }
    guard wait.readiness.earliest < time else { return }
    if collector != nil { collect(wait, of: span, at: time, loop) }
    if teller?.subjects.contains(.blame) == true { tellBlame(wait, of: span.id, at: time, loop) }
    if !wait.wasQueued {
      loop.blame.log.wait(wait.readiness, until: time, chain: wait.ownMayHaveRun ? wait.chain : nil)
    }
    harms.reserve(sites.counts.count)
    loop.blame.countVictim(since: wait.readiness.earliest, until: time, chain: wait.chain, in: &harms)
  }

  private func noteLate(
    _ site: SiteID, _ due: Instant, _ late: Nanoseconds, at time: Instant, _ loop: inout LoopAnalysis
  ) {
    let cause = loop.blame.stalls.last { $0.record.end > due }?.record.why
    let inStall = loop.blame.pass.from < time && time - loop.blame.pass.from > thresholds.slow
    loop.late.add(LateTimers.Timer(site: site, due: due, late: late), cause: cause, inStall: inStall)
  }

  /// A thread of the pool took a call up.
  func takeUp(_ id: OperationID, at time: Instant, _ loop: inout LoopAnalysis) {
    loop.spin.bearFruit()
    guard let slot = operations.pool.slot(of: id.raw) else { return }
    let wait = time - operations.pool[slot].created
    guard wait > thresholds.poolWait, loop.pool.wasFull(since: operations.pool[slot].created) else { return }
    loop.pool.take(operations.pool[slot].site, after: wait, created: operations.pool[slot].created)
  }

  /// Sums up the begin of a loop's log and forgets it.
  mutating func forgetBlame(of loop: inout LoopAnalysis) {
    harms.reserve(sites.counts.count)
    for stall in loop.blame.forget(before: loop.polls.before, in: &harms) {
      stalls.insert(stall.duration, stall)
      if teller?.subjects.contains(.stalls) == true {
        let told = report(of: stall)
        teller?.told.append(.stall(told))
      }
    }
  }

  /// What every loop's callbacks have waited for up to a moment as in `report(at:)`, those included that wait still.
  func blame(of loops: [LoopAnalysis], at now: Instant?) -> BlameReport {
    var result = BlameReport(harms: harms, loops: [:])
    result.harms.own()
    result.harms.reserve(sites.counts.count)
    for loop in loops {
      let moment = loop.moment(now)
      var blame = loop.blame
      blame.own()
      var waiting = Nanoseconds.zero
      for wait in waits(on: loop, at: moment) {
        waiting = waiting + (moment - wait.since)
        if !wait.isKnown { blame.log.beginWait(at: wait.since, chain: wait.chain) }
        blame.countVictim(since: wait.since, until: moment, chain: wait.chain, in: &result.harms)
      }
      blame.sweepAll(until: moment, in: &result.harms)
      blame.shares.unknown = blame.log.unknown
      blame.shares.total = blame.log.ended + waiting
      result.loops[loop.id] = blame
    }
    return result
  }

  /// A callback that is ready and has not begun.
  private struct Waiting {
    var since: Instant
    var chain: BlameLog.WaitingChain?
    /// Whether the log knows of it.
    var isKnown: Bool
  }

  /// The entries of the ready queue, and the timers that are due.
  private func waits(on loop: LoopAnalysis, at moment: Instant) -> [Waiting] {
    let queued = queue.allSlots.filter { queue.isLive($0) && queue[$0].loop == loop.id }.map { slot in
      Waiting(since: min(queue[slot].moment, moment), chain: queue[slot].waitingChain, isKnown: true)
    }
    let due = operations.pool.allSlots.compactMap { slot -> Waiting? in
      let operation = operations.pool[slot]
      guard operations.pool.isLive(slot), OperationID(raw: operations.pool.id(at: slot)).loop == loop.id,
        operation.kind == .timer, !operation.isSettled, !operation.standing, let due = operation.due?.bounded,
        due < moment
      else { return nil }
      return Waiting(since: due, chain: chains.slot(operation.chain).map { chains.waiting($0) }, isKnown: false)
    }
    return queued + due
  }
}

/// Blame at a moment.
struct BlameReport {
  /// By index into the counts of sites.
  var harms: HarmTable
  /// By loop, all of its log swept.
  var loops: [LoopID: LoopBlame]
}
