import Trace

// What the checks look at, its sites resolved.
extension Analyzer {
  func overruns(_ loops: [LoopAnalysis], at now: Instant?) -> [Evidence.Overrun] {
    let open = openStalls(at: now)
    return loops.flatMap { loop in
      var overruns = loop.overruns
      for stall in open where stall.loop == loop.id { overruns.add(stall) }
      return overruns.groups.map { key, group in
        let heaviest = group.longest.heaviest
        return Evidence.Overrun(
          loop: loop.id, why: key.why, site: definitions.site(key.site), count: group.count, total: group.total,
          longest: group.longest.duration, began: group.longest.began, callbacks: group.longest.callbacks,
          ofSite: (heaviest?.count ?? 0, heaviest?.own ?? .zero))
      }
    }.sorted { ($0.longest, $1.began, $1.loop) > ($1.longest, $0.began, $0.loop) }
  }

  func lateTimer(_ loop: LoopAnalysis) -> Evidence.LateTimer? {
    guard let latest = loop.late.latest else { return nil }
    return Evidence.LateTimer(
      loop: loop.id, count: loop.late.count, site: definitions.site(latest.site), due: latest.due, late: latest.late,
      causes: loop.late.causes)
  }

  func spin(_ loop: LoopAnalysis) -> Evidence.Spin? {
    var watch = loop.spin
    watch.finish(thresholds.spinning)
    guard let longest = watch.longest else { return nil }
    let site = longest.site >= 0 ? definitions.site(sites.counts[Int(longest.site)].site) : nil
    return Evidence.Spin(loop: loop.id, site: site, count: watch.count, total: watch.total, longest: longest)
  }

  func growth(_ loop: LoopAnalysis) -> Evidence.Growth? {
    guard let growth = loop.trend.growth else { return nil }
    return Evidence.Growth(
      loop: loop.id, name: definitions.loop(loop.id)?.name ?? "", site: loop.trend.heaviest.map(definitions.site),
      first: growth.first, last: growth.last, moment: loop.last)
  }

  func poolWaits(_ loop: LoopAnalysis, at now: Instant?) -> [Evidence.PoolWait] {
    var pool = loop.pool
    for call in waitingCalls(loop) {
      let wait = loop.moment(now) - operations.pool[call].created
      if wait > thresholds.poolWait {
        pool.take(operations.pool[call].site, after: wait, created: operations.pool[call].created)
      }
    }
    return pool.waits.map { site, waits in
      Evidence.PoolWait(loop: loop.id, site: definitions.site(site), waits: waits, mostQueued: pool.mostQueued)
    }.sorted { ($0.waits.total, $1.site.line) > ($1.waits.total, $0.site.line) }
  }

  /// The calls that no thread has taken up: of those that are pending the youngest, because threads take the oldest.
  private func waitingCalls(_ loop: LoopAnalysis) -> ArraySlice<Int> {
    guard loop.pool.queued > 0 else { return [] }
    let calls = operations.pool.allSlots.filter { slot in
      operations.pool.isLive(slot) && !operations.pool[slot].isSettled && operations.pool[slot].kind == .thread
        && OperationID(raw: operations.pool.id(at: slot)).loop == loop.id
    }
    return calls.sorted { operations.pool[$0].created < operations.pool[$1].created }.suffix(Int(loop.pool.queued))
  }
}
