import Trace

@testable import Analysis

/// Blame as its definition says it, callback by callback and piece by piece: slow, and too plain to be wrong.
struct ObviousBlame {
  struct Key: Hashable {
    var site: SiteID
    var kind: CallbackKind
  }

  struct Span {
    var key: Key
    var chain: ChainID?
  }

  /// What had the loop for a while: a span, the poll, or nothing.
  struct Piece {
    var from: Int64
    var to: Int64
    var span: Span?
    var isPoll: Bool
    /// Chains of which a span was open.
    var open: Set<ChainID>
  }

  enum End {
    case begun, waiting, calledOff, overdue
  }

  struct Victim {
    var certain: Int64
    var earliest: Int64
    var until: Int64
    var chain: ChainID?
    var end: End
  }

  private(set) var pieces: [Piece] = []
  private(set) var victims: [Victim] = []
  private var stack: [(id: SpanID, span: Span)] = []
  private var isPolling = false
  private var since: Int64 = 0
  private var waiting: [OperationID: (moment: Int64, chain: ChainID?)] = [:]
  private var operations: [OperationID: Event.Created] = [:]
  private var names: [ChainID: ChainID] = [:]
  private var fresh: Set<ChainID> = []
  private var entry: (time: Int64, mayWait: Bool)?
  private var returned: Int64?
  private var reported: (certain: Int64, earliest: Int64)?
  private(set) var passes: [(from: Int64, to: Int64)] = []

  init(_ events: [Event]) {
    for event in events { read(event.body, at: event.time.nanoseconds) }
    let end = events.last!.time.nanoseconds
    cut(at: end)
    for entry in waiting.values {
      victims.append(
        Victim(certain: entry.moment, earliest: entry.moment, until: end, chain: entry.chain, end: .waiting))
    }
    for timer in operations.values where timer.kind == .timer && timer.due!.nanoseconds < end {
      let due = timer.due!.nanoseconds
      victims.append(Victim(certain: due, earliest: due, until: end, chain: timer.chain.map(name), end: .overdue))
    }
  }

  private func name(_ chain: ChainID) -> ChainID { names[chain] ?? chain }

  private mutating func cut(at time: Int64) {
    if time > since {
      pieces.append(
        Piece(
          from: since, to: time, span: stack.last?.span, isPoll: isPolling, open: Set(stack.compactMap(\.span.chain))))
    }
    since = time
  }

  private mutating func read(_ body: Event.Body, at time: Int64) {
    switch body {
    case .loopBegan: since = time
    case .pollEntered(let timeout):
      cut(at: time)
      if let start = reported?.certain { passes.append((start, time)) }
      if let reported { returned = reported.certain }
      isPolling = true
      entry = (time, timeout != .zero)
    case .pollReturned:
      cut(at: time)
      isPolling = false
      let hasWaited = entry!.mayWait && time - entry!.time > 50_000
      reported = (time, hasWaited ? entry!.time : returned ?? entry!.time)
    case .created(let operation): operations[operation.id] = operation
    case .queued(let entry): waiting[entry.id] = (min(entry.moment.nanoseconds, time), entry.chain.map(name))
    case .settled(let id, let outcome, _):
      operations[id] = outcome == .cancelled ? nil : operations[id]
      if outcome == .cancelled, let entry = waiting.removeValue(forKey: id) {
        victims.append(
          Victim(certain: entry.moment, earliest: entry.moment, until: time, chain: entry.chain, end: .calledOff))
      } else if operations[id]?.kind == .timer {
        operations[id] = nil
      }
    case .began(let span): begin(span, at: time)
    case .ended(let id, _):
      cut(at: time)
      stack.removeLast()
      fresh.remove(ChainID(raw: id.raw))
    case .chainNamed(let id, _):
      cut(at: time)
      // The first name is that of the chain that begins with the span.
      if let chain = stack.last?.span.chain, fresh.remove(chain) != nil { names[id] = chain }
      stack[stack.count - 1].span.chain = name(id)
    default: break
    }
  }

  private mutating func begin(_ span: Event.Began, at time: Int64) {
    cut(at: time)
    let queued = span.operation.flatMap { waiting.removeValue(forKey: $0) }
    let operation = span.operation.flatMap { operations[$0] }
    var chain = queued?.chain ?? operation?.chain.map(name) ?? stack.last?.span.chain
    if span.startsChain {
      chain = ChainID(raw: span.id.raw)
      fresh.insert(ChainID(raw: span.id.raw))
    }
    let ready: (certain: Int64, earliest: Int64)?
    if let moment = span.ready?.nanoseconds ?? queued?.moment {
      ready = (moment, moment)
    } else if !stack.isEmpty {
      ready = nil
    } else if span.kind == .timer {
      ready = (operation!.due!.nanoseconds, operation!.due!.nanoseconds)
    } else {
      ready = reported
    }
    if let ready {
      victims.append(
        Victim(certain: ready.certain, earliest: ready.earliest, until: time, chain: chain, end: .begun))
    }
    if operation?.kind == .timer { operations[span.operation!] = nil }
    stack.append((span.id, Span(key: Key(site: span.site, kind: span.kind), chain: chain)))
  }

  // MARK: What it comes to

  private func overlap(_ piece: Piece, _ from: Int64, _ to: Int64) -> Int64 {
    max(0, min(piece.to, to) - max(piece.from, from))
  }

  /// The pieces that an interval overlaps.
  private func pieces(from: Int64, to: Int64) -> ArraySlice<Piece> {
    var (low, high) = (0, pieces.count)
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].to <= from { low = middle + 1 } else { high = middle }
    }
    return pieces[low...].prefix { $0.from < to }
  }

  private func isOwn(_ piece: Piece, _ victim: Victim) -> Bool {
    victim.chain != nil && piece.span?.chain == victim.chain
  }

  func harms(in window: (from: Int64, to: Int64) = (.min, .max)) -> [Key: Harm] {
    var harms: [Key: Harm] = [:]
    for victim in victims {
      var met: Set<Key> = []
      let (from, to) = (max(victim.earliest, window.from), min(victim.until, window.to))
      for piece in pieces(from: from, to: to) {
        guard let span = piece.span, !isOwn(piece, victim) else { continue }
        let atMost = overlap(piece, victim.earliest, victim.until)
        guard atMost > 0 else { continue }
        harms[span.key, default: Harm()].certain =
          harms[span.key, default: Harm()].certain + Nanoseconds(overlap(piece, victim.certain, victim.until))
        harms[span.key]!.upTo = harms[span.key]!.upTo + Nanoseconds(atMost)
        if met.insert(span.key).inserted { harms[span.key]!.victims += 1 }
      }
    }
    return harms
  }

  /// How many callbacks waited for spans of other chains in an interval.
  func victims(of window: (from: Int64, to: Int64)) -> Int {
    victims.count { victim in
      let (from, to) = (max(victim.earliest, window.from), min(victim.until, window.to))
      return pieces(from: from, to: to).contains {
        $0.span != nil && !isOwn($0, victim) && overlap($0, from, to) > 0
      }
    }
  }

  /// How long a chain ran, and how long it was ready and did not run, in an interval.
  func times(of chain: ChainID, from: Int64, to: Int64) -> (running: Int64, queued: Int64) {
    let waits = victims.filter { $0.chain == name(chain) && ($0.end == .begun || $0.end == .waiting) }
    var (running, queued): (Int64, Int64) = (0, 0)
    for piece in pieces(from: from, to: to) {
      if piece.open.contains(name(chain)) {
        running += overlap(piece, from, to)
        continue
      }
      // The parts of the piece in which one waits, put together.
      var reached = max(piece.from, from)
      let intervals = waits.map { (max($0.certain, reached), min($0.until, piece.to, to)) }
      for (begin, end) in intervals.sorted(by: <) where end > max(begin, reached) {
        queued += end - max(begin, reached)
        reached = end
      }
    }
    return (running, queued)
  }

  var shares: DelayShares {
    var shares = DelayShares()
    for victim in victims {
      shares.total = shares.total + Nanoseconds(victim.until - victim.certain)
      for piece in pieces(from: victim.certain, to: victim.until) {
        let part = Nanoseconds(overlap(piece, victim.certain, victim.until))
        if piece.isPoll {
          shares.poll = shares.poll + part
        } else if piece.span == nil {
          shares.overhead = shares.overhead + part
        } else if isOwn(piece, victim) {
          shares.ownChain = shares.ownChain + part
        } else {
          shares.others = shares.others + part
        }
      }
    }
    return shares
  }
}
