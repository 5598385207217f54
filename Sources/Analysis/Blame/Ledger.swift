import Trace

/// Who made one callback wait: every nanosecond from when it was certainly ready to when it began, charged to somebody.
public struct Ledger: Hashable, Sendable {
  /// A part of the wait in which spans of one site ran.
  public struct Charge: Hashable, Sendable {
    /// The innermost span's site.
    public var site: Site
    /// The site of the top-level span that it lay in.
    public var root: Site
    /// How much.
    public var time: Nanoseconds
  }

  /// The callback that waited.
  public var span: SpanID
  /// Its site.
  public var site: Site
  /// What sort of callback it is.
  public var kind: CallbackKind
  /// Its chain.
  public var chain: ChainID?
  /// When it was certainly ready.
  public var ready: Instant
  /// When it began.
  public var began: Instant
  /// What callbacks of other chains took, the most first.
  public var charges: [Charge]
  /// What callbacks of its own chain took.
  public var ownChain = Nanoseconds.zero
  /// Time in the poll: the loop woke up late.
  public var poll = Nanoseconds.zero
  /// Time outside of the poll and of all callbacks.
  public var overhead = Nanoseconds.zero
  /// Time in which events are missing.
  public var gap = Nanoseconds.zero
  /// Time too far back to be remembered.
  public var unknown = Nanoseconds.zero

  /// The whole wait, which is the sum of its parts.
  public var delay: Nanoseconds { began - ready }
}

/// Which waits are looked into.
public enum LedgerRequest: Hashable, Sendable {
  /// Those of callbacks of these chains.
  case chains(Set<ChainID>)
  /// Those that lie at least partly in an interval of a loop.
  case interval(LoopID, from: Instant, to: Instant)
  /// Those that callbacks of a site made longer.
  case site(Site)
}

/// Ledgers as they are found: the longest waits, at most `limit`.
struct LedgerCollector {
  let request: LedgerRequest
  private(set) var found = TopList<Ledger>(limit: LedgerCollector.limit)
  static let limit = 4_096

  /// Looks for what is asked for.
  init(_ request: LedgerRequest) { self.request = request }

  /// Whether a wait is to be looked into, as far as can be told without its ledger.
  func wants(chain: ChainID?, on loop: LoopID, from ready: Instant, to began: Instant) -> Bool {
    guard ready < began, found.admits(began - ready) else { return false }
    switch request {
    case .chains(let chains): return chain.map(chains.contains) ?? false
    case .interval(let wanted, let from, let to): return loop == wanted && ready < to && began > from
    case .site: return true
    }
  }

  /// Takes a ledger that belongs to what is asked for.
  mutating func add(_ ledger: Ledger) {
    if case .site(let site) = request, !ledger.charges.contains(where: { $0.site == site }) { return }
    found.insert(ledger.delay, ledger)
  }
}

extension BlameLog {
  /// The parts of a wait, by who had the loop; what ran in `chain` is the wait's own.
  func parts(from: Instant, to: Instant, chain: WaitingChain?) -> WaitParts {
    var parts = WaitParts()
    forEachPart(from: from, to: to, chain: chain) { cause, piece, time in
      switch cause {
      case .poll: parts.poll = parts.poll + time
      case .overhead: parts.overhead = parts.overhead + time
      case .gap: parts.gap = parts.gap + time
      case .unknown: parts.unknown = parts.unknown + time
      case .ownChain: parts.ownChain = parts.ownChain + time
      case .callback:
        guard let piece else { return }
        parts.spans[WaitParts.Place(owner: piece.owner.index, root: piece.root.index), default: .zero] += time
      }
    }
    return parts
  }

  /// The pieces of a wait in the order of time, each with its part of it; no piece for what lies before the log.
  func forEachPart(
    from: Instant, to: Instant, chain: WaitingChain?,
    _ body: (Occurrence.Charge.Cause, Piece?, Nanoseconds) -> Void
  ) {
    guard let first = pieces.first else { return body(.unknown, nil, to - from) }
    body(.unknown, nil, max(min(first.from, to) - from, .zero))
    for index in max(index(of: from), 0)..<pieces.count {
      let piece = pieces[index]
      guard piece.from < to else { break }
      let end = index + 1 < pieces.count ? min(pieces[index + 1].from, to) : to
      let time = max(end - max(piece.from, from), .zero)
      body(cause(of: piece, for: chain), piece, time)
    }
  }

  private func cause(of piece: Piece, for chain: WaitingChain?) -> Occurrence.Charge.Cause {
    switch piece.owner {
    case .poll: return .poll
    case .overhead: return .overhead
    case .gap: return .gap
    default:
      guard let chain, piece.chain == chain.slot, piece.from >= chain.began else { return .callback }
      return .ownChain
    }
  }
}

/// The parts of a wait.
struct WaitParts {
  /// Indices into the counts of sites.
  struct Place: Hashable {
    var owner: Int32
    var root: Int32
  }

  var spans: [Place: Nanoseconds] = [:]
  var ownChain = Nanoseconds.zero
  var poll = Nanoseconds.zero
  var overhead = Nanoseconds.zero
  var gap = Nanoseconds.zero
  var unknown = Nanoseconds.zero
}

extension Analyzer {
  /// Looks into the wait of a callback that begins, should that be asked for.
  mutating func collect(_ wait: Wait, of span: Event.Began, at time: Instant, _ loop: LoopAnalysis) {
    let ready = wait.readiness.certain
    let chain = chains.slot(loop.stack.top?.chain).map { chains[$0].id }
    guard collector?.wants(chain: chain, on: loop.id, from: ready, to: time) == true else { return }
    let parts = loop.blame.log.parts(from: ready, to: time, chain: wait.chain)
    let charges = parts.spans.map { place, time in
      Ledger.Charge(site: site(at: place.owner), root: site(at: place.root), time: time)
    }
    collector?.add(
      Ledger(
        span: span.id, site: definitions.site(span.site), kind: span.kind, chain: chain, ready: ready, began: time,
        charges: charges.sorted { ($0.time, $1.site.function) > ($1.time, $0.site.function) }, ownChain: parts.ownChain,
        poll: parts.poll, overhead: parts.overhead, gap: parts.gap, unknown: parts.unknown))
  }

  private func site(at index: Int32) -> Site {
    sites.counts.indices.contains(Int(index)) ? definitions.site(sites.counts[Int(index)].site) : .unknown
  }
}
