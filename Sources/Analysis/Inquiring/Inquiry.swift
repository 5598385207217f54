import Trace

/// Looks into the part of a trace that one thing lies in, for what no report can keep of everything: who scheduled it,
/// whom it made wait, and who made it wait or happen.
///
/// To be given the batches that overlap `intervals`, of each loop in order, and with them the one ahead, which tells what
/// was pending then. Its memory is bounded, whatever it is given.
///
/// ```swift
/// func answer(about subject: Inquiry.Subject, in batches: [Batch], _ definitions: Definitions) -> Inquiry.Answer {
///   var inquiry = Inquiry(about: subject)
///   for batch in batches { inquiry.consume(batch, definitions: definitions) }
///   return inquiry.answer
/// }
/// ```
public struct Inquiry: Sendable {
  /// What is looked into.
  public enum Subject: Hashable, Sendable {
    /// Some runs of the callbacks of a site and kind.
    case site(Site, CallbackKind, runs: [Run])
    /// A stall, with the site and kind that are to blame for it.
    case stall(Site, CallbackKind, Run)
    /// A chain's callbacks and their waits, within a time.
    case chain(ChainID, Run)
    /// An operation, which was created at that moment.
    case operation(OperationID, created: Instant)
  }

  /// Some time of one loop.
  public struct Run: Hashable, Sendable {
    /// The loop.
    public var loop: LoopID
    /// Its begin.
    public var from: Instant
    /// Its end.
    public var to: Instant

    /// A run from its parts; its end is not ahead of its begin.
    public init(loop: LoopID, from: Instant, to: Instant) {
      self.loop = loop
      self.from = from
      self.to = max(from, to)
    }
  }

  /// What is looked into.
  public let subject: Subject
  private var analyzer: Analyzer
  private var definitions = Definitions()
  /// The subject's site among the definitions, found once: comparing names for every callback would cost more than all else.
  private var wanted: SiteID?
  private var sites = RecentSpans()
  private var scheduling: [Answer.Scheduling: UInt64] = [:]
  private var victims = TopList<Answer.Victim>(limit: Inquiry.victimLimit)
  private var victimCount: UInt64 = 0
  private var ownChains: Set<ChainID> = []
  private var creator: SpanID?
  private var awaited: [OperationID] = []
  private var collector: WaterfallCollector?

  /// How many victims are listed.
  public static let victimLimit = 100
  /// How many ways of being scheduled, own chains and awaited operations are remembered.
  private static let limit = 256

  /// Nothing has been read yet.
  public init(about subject: Subject) {
    self.subject = subject
    switch subject {
    case .chain(let chain, _):
      analyzer = Analyzer(collecting: .chains([chain]))
      analyzer.teller = Teller(of: [.callbacks, .operations])
      collector = WaterfallCollector([chain])
    case .site, .stall, .operation: analyzer = Analyzer(telling: [.callbacks])
    }
  }

  /// The parts of the trace that tell of it.
  public var intervals: [ClosedRange<Instant>] {
    switch subject {
    case .site(_, _, let runs): runs.map(Self.withVictims)
    case .stall(_, _, let run): [Self.withVictims(run)]
    case .chain(_, let run): [run.from...run.to]
    case .operation(_, let created): [created...created]
    }
  }

  /// Who waits for a run begins when it is over.
  private static func withVictims(_ run: Run) -> ClosedRange<Instant> {
    run.from...(run.to + Nanoseconds(min((run.to - run.from).count, 1_000_000_000)) + .milliseconds(10))
  }

  /// Takes in the next batch; its ids refer to `definitions`, which may have grown since the last call.
  public mutating func consume(_ batch: Batch, definitions: Definitions) {
    if wanted == nil || definitions.sites.count != self.definitions.sites.count { find(in: definitions) }
    self.definitions = definitions
    if case .operation(let id, _) = subject { look(for: id, in: batch) }
    analyzer.consume(batch, definitions: definitions)
    for occurrence in analyzer.takeOccurrences() {
      collector?.take(occurrence)
      if case .began(let callback) = occurrence { take(callback) }
    }
  }

  private mutating func find(in definitions: Definitions) {
    switch subject {
    case .site(let site, _, _), .stall(let site, _, _):
      wanted = definitions.sites.firstIndex(of: site).map { SiteID(UInt32($0)) }
    case .chain, .operation: break
    }
  }

  private mutating func look(for id: OperationID, in batch: Batch) {
    for event in batch.events {
      switch event.body {
      case .created(let created) where created.id == id: creator = created.creator
      case .awaits(let waiting, let other) where waiting == (awaited.last ?? id) && awaited.count < Self.limit:
        awaited.append(other)
      default: break
      }
    }
  }

  private mutating func take(_ callback: Occurrence.Callback) {
    sites.add(callback.id, callback.site)
    switch subject {
    case .site(_, let kind, let runs):
      let isSubject = callback.kind == kind && callback.site == wanted
      if isSubject { noteScheduling(of: callback) }
      for run in runs { take(callback, during: run, isSubject: isSubject) }
    case .stall(_, let kind, let run):
      take(callback, during: run, isSubject: callback.kind == kind && callback.site == wanted)
    case .chain, .operation: break
    }
  }

  private mutating func noteScheduling(of callback: Occurrence.Callback) {
    let creator = callback.creator.flatMap { sites[$0] }.map { definitions.site($0) }
    let way = Answer.Scheduling(creator: creator, trigger: callback.trigger)
    guard scheduling[way] != nil || scheduling.count < Self.limit else { return }
    scheduling[way, default: 0] += 1
  }

  /// A callback of the run is its own; one that begins later and was, or may have been, ready in the meantime, waited.
  private mutating func take(_ callback: Occurrence.Callback, during run: Run, isSubject: Bool) {
    guard callback.id.loop == run.loop else { return }
    // One that began ahead of the run may be what the run is cut out of.
    if callback.began < run.to, isSubject {
      if let chain = callback.chain, ownChains.count < Self.limit { ownChains.insert(chain) }
      return
    }
    guard callback.began >= run.from else { return }
    guard let earliest = callback.earliest ?? callback.ready, callback.parent == nil, earliest < run.to,
      callback.began > run.from, !(callback.chain.map(ownChains.contains) ?? false)
    else { return }
    func part(from begin: Instant) -> Nanoseconds {
      max(min(callback.began, run.to) - max(begin, run.from), .zero)
    }
    let (certain, upTo) = (callback.ready.map(part) ?? .zero, part(from: earliest))
    guard upTo > .zero || certain > .zero else { return }
    victimCount += 1
    victims.insert(
      max(certain, upTo),
      Answer.Victim(
        loop: run.loop, site: definitions.site(callback.site), kind: callback.kind, chain: callback.chain,
        began: callback.began, certain: certain, upTo: max(certain, upTo)))
  }

  /// What is known so far.
  public var answer: Answer {
    var answer = Answer()
    answer.scheduling = scheduling.map { (way, count) in Answer.Scheduled(way: way, count: count) }
      .sorted { ($0.count, $1.name) > ($1.count, $0.name) }
    answer.victims = victims.elements.map(\.element)
    answer.victimCount = victimCount
    answer.creator = creator.flatMap { sites[$0] }.map { definitions.site($0) }
    answer.awaits = awaited
    if case .chain(let chain, _) = subject {
      answer.waits = analyzer.collector?.found.elements.map(\.element).filter { $0.chain == chain } ?? []
      answer.steps = steps(of: chain)
    }
    return answer
  }

  /// What is open by now is told of as well.
  private func steps(of chain: ChainID) -> ChainSteps? {
    guard var collector else { return nil }
    var analyzer = analyzer
    analyzer.tellRest(at: nil)
    for occurrence in analyzer.takeOccurrences() { collector.take(occurrence) }
    return collector.steps(of: chain, definitions)
  }
}

extension Inquiry.Answer.Scheduled {
  fileprivate var name: String { way.creator?.function ?? "" }
}

/// The sites of the spans that were seen last, for those whose creators they are.
private struct RecentSpans {
  private var young: [SpanID: SiteID] = [:]
  private var old: [SpanID: SiteID] = [:]
  private static let limit = 1 << 17

  mutating func add(_ span: SpanID, _ site: SiteID) {
    if young.count >= Self.limit {
      old = young
      young.removeAll()
    }
    young[span] = site
  }

  subscript(span: SpanID) -> SiteID? { young[span] ?? old[span] }
}
