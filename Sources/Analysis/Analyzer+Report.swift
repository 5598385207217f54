import Trace

// Everything that is known, as a value. Costs what is in flight and what is listed, not what has been.
extension Analyzer {
  /// What is known at a moment: `nil` for a trace that is complete, whose last event ends it, else the present one, up to
  /// which whatever is still open is judged.
  public func report(at now: Instant?) -> Report {
    let now = now?.bounded
    let loops = loops.compactMap { $0 }.sorted { $0.id < $1.id }
    let blame = blame(of: loops, at: now)
    let sites = siteReports(loops, blame.harms, at: now)
    let stalls = stallReports(blame, at: now)
    let judgement = ChainJudgement(self, loops, at: now)
    let evidence = Evidence(
      sites: sites, overruns: overruns(loops, at: now), lateTimers: loops.compactMap(lateTimer),
      spins: loops.compactMap(spin), growths: loops.compactMap(growth),
      poolWaits: loops.flatMap { poolWaits($0, at: now) },
      cycles: judgement.cycles.map { $0.map { pending(at: $0, in: judgement.labels) } },
      stalledChains: judgement.stalledGroups.map { group in
        Evidence.StalledChains(oldest: report(of: group.oldest, in: judgement), count: group.count)
      },
      neverSettled: judgement.neverSettled.map(resolve), dropped: resolve(dropped), unhandled: resolve(unhandled))
    return Report(
      trace: summary(loops, at: now), processes: processes(), loops: loops.map { report(of: $0, blame, at: now) },
      callbacks: loops.reduce(0) { $0 + $1.callbacks }, sites: sites, stalls: stalls.list, stallCount: stalls.count,
      operations: operations.counts, chains: judgement.counts, chainList: chainReports(judgement),
      findings: Findings.all(in: evidence, thresholds: thresholds, from: loops.map(\.first).min()),
      anomalies: anomalies)
  }

  private func summary(_ loops: [LoopAnalysis], at now: Instant?) -> TraceSummary {
    let from = loops.map(\.first).min() ?? now ?? Instant(0)
    let last = loops.map(\.last).max() ?? from
    return TraceSummary(
      from: from, to: max(last, now ?? last),
      startedAt: anchor.map { $0.realtime &- ($0.monotonic - from).count }, events: events, gaps: gaps,
      gapCount: gapCount, complete: !loops.isEmpty && gapCount == 0 && loops.allSatisfy(\.hasEnded))
  }

  private func processes() -> [ProcessInfo] {
    definitions.loops.reduce(into: []) { known, loop in
      if !known.contains(loop.process) { known.append(loop.process) }
    }
  }

  private func report(of loop: LoopAnalysis, _ blame: BlameReport, at now: Instant?) -> LoopReport {
    let nobody = ProcessInfo(pid: 0, started: 0, command: "", runtime: "")
    let unknown = LoopInfo(id: loop.id, process: nobody, name: "", thread: 0, poll: "")
    let times = loop.times(at: loop.moment(now))
    return LoopReport(
      info: definitions.loop(loop.id) ?? unknown, ended: loop.hasEnded, ticks: loop.ticks, busy: times.busy,
      idle: times.idle, onCPU: loop.cpu.map { $0.last - $0.first }, callbacks: loop.callbacks,
      tick: loop.passes.percentiles, lag: loop.delays.timers.percentiles, queueDelay: loop.delays.all.percentiles,
      delayShares: blame.loops[loop.id]?.shares ?? DelayShares(),
      running: loop.stack.spans.map {
        RunningSpan(site: definitions.site($0.site), kind: $0.kind, began: $0.began)
      })
  }

  // MARK: Sites

  private func siteReports(_ loops: [LoopAnalysis], _ harms: HarmTable, at now: Instant?) -> [SiteReport] {
    var running: [Int: [(instance: SiteReport.Instance, total: Nanoseconds)]] = [:]
    for loop in loops where !loop.stack.isEmpty {
      let moment = loop.moment(now)
      for (span, own) in zip(loop.stack.spans, loop.stack.ownTimes(at: moment)) {
        let instance = SiteReport.Instance(loop: loop.id, began: span.began, own: own, running: true)
        running[Int(span.counts), default: []].append((instance, moment - span.began))
      }
    }
    let reports = sites.counts.indices.map { report(of: sites.counts[$0], harms[$0], running: running[$0] ?? []) }
    // What is compared is taken out first: a report is large, and sorting would move it about.
    let ranks = reports.map { report in
      HarmRank(
        isRunning: report.worst.contains { $0.running && $0.own > thresholds.slow },
        isSlow: report.slow > 0, harm: report.harm,
        harmUpTo: report.harmUpTo, own: report.own)
    }
    let order = reports.indices.sorted { ranks[$0] == ranks[$1] ? $0 < $1 : ranks[$1] < ranks[$0] }
    return order.map { reports[$0] }
  }

  private func report(
    of counts: SiteCounts, _ harm: Harm, running: [(instance: SiteReport.Instance, total: Nanoseconds)]
  ) -> SiteReport {
    let percentiles = counts.durations.percentiles
    var report = SiteReport(
      site: definitions.site(counts.site), kind: counts.kind, count: counts.count, total: counts.total,
      own: counts.own, p50: percentiles?.p50, p99: percentiles?.p99, max: counts.durations.max,
      slow: counts.slow, slowOwn: counts.slowOwn, threw: counts.threw, runningFor: nil, harm: harm.certain,
      harmUpTo: harm.upTo, victims: harm.victims, worst: counts.worst.elements.map(\.element))
    for (instance, total) in running {
      report.total = report.total + total
      report.own = report.own + instance.own
      report.max = max(report.max, instance.own)
      report.runningFor = max(report.runningFor ?? .zero, total)
      if instance.own > thresholds.slow {
        report.slow += 1
        report.slowOwn = report.slowOwn + instance.own
      }
      report.worst.insert(instance, at: report.worst.firstIndex { $0.own < instance.own } ?? report.worst.count)
    }
    report.worst = Array(report.worst.prefix(10))
    return report
  }

  // MARK: Stalls

  /// The stalls that go on at a moment, as in `report(at:)`, the longest first.
  func openStalls(at now: Instant?) -> [StallRecord] {
    loops.compactMap { $0 }.compactMap { loop -> StallRecord? in
      guard case .busy = loop.phase else { return nil }
      return loop.stalls.stall(
        at: loop.moment(now?.bounded), ended: false, open: loop.stack, threshold: thresholds.slow, loop: loop.id,
        sites: sites, loop.witness)
    }.sorted { $0.duration > $1.duration }
  }

  private func stallReports(_ blame: BlameReport, at now: Instant?) -> (list: [Stall], count: UInt64) {
    let (open, pending) = unsettledStalls(blame, at: now)
    let ended = (stalls.elements.map(\.element) + pending).map { (rank: $0.rank, stall: $0) }
      .sorted { a, b in
        a.rank == b.rank ? (a.stall.began, a.stall.loop) < (b.stall.began, b.stall.loop) : b.rank < a.rank
      }
    let list = (open + ended.map(\.stall)).prefix(Report.stallLimit)
    return (list.map(report), stallCount + UInt64(open.count))
  }

  /// The stalls that go on, and those of which the harm was not known for good.
  func unsettledStalls(_ blame: BlameReport, at now: Instant?) -> (open: [StallRecord], ended: [StallRecord]) {
    var open = openStalls(at: now)
    for index in open.indices { open[index].harm = blame.loops[open[index].loop]?.pass.harm ?? Harm() }
    return (open, blame.loops.values.flatMap(\.stalls).map(\.record))
  }

  func report(of stall: StallRecord) -> Stall {
    Stall(
      loop: stall.loop, began: stall.began, duration: stall.duration, ended: stall.ended,
      site: definitions.site(stall.worst?.site ?? .unknown), kind: stall.worst?.kind ?? .unknown,
      own: stall.worst?.own ?? .zero, callbacks: stall.callbacks, cause: stall.cause, detail: nil, stack: [],
      victims: stall.harm.victims, harm: stall.harm.certain, harmUpTo: stall.harm.upTo)
  }

  // MARK: Chains

  /// A chain as it is at a moment.
  func report(
    of chain: ChainRecord, at moment: Instant, state: ChainReport.State, waitingOn: PendingOperation?,
    queuedSince: Instant? = nil
  ) -> ChainReport {
    let running = chain.open > 0 ? chain.running + (moment - chain.runningSince) : chain.running
    let queued = chain.waited + (queuedSince.map { chain.unaccounted(from: $0, to: moment, chains.steps) } ?? .zero)
    return ChainReport(
      id: chain.id, name: chain.name, site: definitions.site(chain.site), began: chain.began,
      duration: moment - chain.began, running: running, queued: queued,
      waiting: moment - chain.began - running - queued, state: state, waitingOn: waitingOn,
      steps: chains.steps(of: chain).map { step in
        ChainReport.Step(
          site: definitions.site(step.site), kind: step.kind, ready: step.ready, began: step.began,
          duration: step.duration ?? moment - step.began, depth: Int(step.depth))
      })
  }

  func report(of verdict: ChainJudgement.Verdict, in judgement: ChainJudgement) -> ChainReport {
    var report = report(
      of: chains[verdict.slot], at: verdict.moment, state: verdict.state,
      waitingOn: verdict.leaf.map { pending(at: $0, in: judgement.labels) },
      queuedSince: judgement.queuedSince[verdict.slot])
    guard let root = verdict.root, let leaf = verdict.leaf else { return report }
    let way = Liveness(operations: operations, threshold: thresholds.stalled).way(from: root, to: leaf)
    report.waitingThrough = way.slots.map { pending(at: $0, in: judgement.labels) }
    report.waitingCycle = way.cycle
    return report
  }

  private func chainReports(_ judgement: ChainJudgement) -> [ChainReport] {
    let open = (judgement.stalled.elements + judgement.others.elements).map(\.element)
    let listed = open.prefix(Report.chainLimit).map { report(of: $0, in: judgement) }
    return listed + endedChains.elements.prefix(Report.chainLimit - listed.count).map(\.element)
  }

  // MARK: Operations

  func pending(at slot: Int, in labels: [LoopID: [Int32: String]]) -> PendingOperation {
    let operation = operations.pool[slot]
    let id = OperationID(raw: operations.pool.id(at: slot))
    return PendingOperation(
      id: id, kind: operation.kind, site: definitions.site(operation.site), created: operation.created,
      due: operation.due, label: operation.descriptor.flatMap { labels[id.loop]?[$0] })
  }

  private func resolve(_ group: ChainJudgement.NeverSettled) -> Evidence.NeverSettled {
    Evidence.NeverSettled(
      oldest: pending(at: group.oldest, in: [:]), age: group.age, count: group.count)
  }

  private func resolve(_ incidents: SiteIncidents) -> [Evidence.Incident] {
    incidents.incidents.values.sorted { ($0.count, $1.site) > ($1.count, $0.site) }.map { incident in
      Evidence.Incident(
        site: definitions.site(incident.site), count: incident.count, loop: incident.loop, moment: incident.moment,
        text: incident.text)
    }
  }
}
