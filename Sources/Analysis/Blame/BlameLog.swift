import Trace

/// The latest past of one loop, cut where what runs changes, with the number of callbacks that waited in each piece.
///
/// Which callbacks were ready at a moment is often known only when they begin. So a wait is noted as two changes of a
/// counter, at the moment where it began and at the one where it ended, wherever in the log those lie; a sweep over the
/// log in the order of time sums them up: constant work for a wait and for a piece, however many wait at once. A wait
/// that goes on when its begin is swept goes on in the counter, so nothing is lost by forgetting the past.
struct BlameLog {
  /// Who had the loop: the index of a site's counts, or one of the negative values below.
  struct Owner: Equatable {
    var index: Int32
    static let poll = Owner(index: -1)
    static let overhead = Owner(index: -2)
    static let gap = Owner(index: -3)
    var isSpan: Bool { index >= 0 }
  }

  /// What ran from a moment to the begin of the next piece.
  struct Piece {
    // 64 bytes: thousands of these are written and read again each millisecond of an analysis.
    var from: Instant
    /// The innermost span's id, 0 where none has the loop.
    private var spanWord: UInt64
    var owner: Owner
    /// The owner of the top-level span that it lies in.
    var root: Owner
    /// The slot of the running span's chain, -1 without one, and its number.
    var chain: Int32
    var number: ChainNumber
    /// The first change within it of how many of a chain's callbacks wait; -1 without any.
    var ownChange: Int32 = -1
    /// The change of the number waiting, for certain and at most, within it.
    var waiting: Int32 = 0
    var mayWait: Int32 = 0
    /// What of the piece the changes within it come too late for.
    var late = Nanoseconds.zero
    var mayBeLate = Nanoseconds.zero

    @inline(__always)
    fileprivate init(from: Instant, owner: Owner, root: Owner, chain: Int32, number: ChainNumber, span: SpanID?) {
      self.from = from
      spanWord = span?.raw ?? 0
      self.owner = owner
      self.root = root
      self.chain = chain
      self.number = number
    }

    /// The innermost span; `nil` where none has the loop.
    var span: SpanID? { spanWord == 0 ? nil : SpanID(raw: spanWord) }

    /// It is of no length and somebody else's: its changes stay where they are.
    @inline(__always)
    fileprivate mutating func belong(to owner: Owner, root: Owner, chain: Int32, number: ChainNumber, span: SpanID?) {
      self.owner = owner
      self.root = root
      self.chain = chain
      self.number = number
      spanWord = span?.raw ?? 0
    }

    @inline(__always)
    fileprivate mutating func change(at time: Instant, certain: Int32, atMost: Int32) {
      let offset = time - from
      waiting += certain
      mayWait += atMost
      guard offset > .zero else { return }
      late = late + Nanoseconds(Int64(certain) &* offset.count)
      mayBeLate = mayBeLate + Nanoseconds(Int64(atMost) &* offset.count)
    }
  }

  /// How many callbacks wait.
  struct Waiting {
    var certain: Int32 = 0
    var atMost: Int32 = 0

    @inline(__always)
    mutating func change(certain: Int32, atMost: Int32) {
      self.certain += certain
      self.atMost += atMost
    }
  }

  /// A change of how many of one chain's callbacks wait.
  struct OwnChange {
    var chain: Int32
    var waiting: Int32
    var mayWait: Int32
    var next: Int32
    /// Since its piece's begin.
    var offset: Nanoseconds
  }

  /// The chain of a callback that waits.
  struct WaitingChain {
    var slot: Int32
    /// Its own, while the slot is used again.
    var number: ChainNumber
    var began: Instant
  }

  private(set) var pieces = Slab<Piece>()
  private(set) var ownChanges = Slab<OwnChange>()
  private var freeChange: Int32 = -1
  /// The piece that was searched for last: several callbacks of a pass look back at the same moment.
  private var found = 0
  /// Callbacks that waited at the begin of the first piece.
  var waiting = Waiting()
  /// The same by the slot of their chain.
  var waitingOfChain = Slab<Waiting>()
  /// Waits whose begin lies before the first piece: what of them does.
  private(set) var unknown = Nanoseconds.zero
  /// All waits, as far as they have ended.
  private(set) var ended = Nanoseconds.zero

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    pieces.own()
    ownChanges.own()
    waitingOfChain.own()
  }

  /// From here on it is this owner.
  @inline(__always)
  mutating func run(
    _ owner: Owner, root: Owner, chain: Int32, number: ChainNumber = .none, span: SpanID? = nil, from time: Instant
  ) {
    let last = pieces.count - 1
    if last >= 0 && pieces[last].from >= time {
      pieces[last].belong(to: owner, root: root, chain: chain, number: number, span: span)
    } else {
      pieces.append(Piece(from: time, owner: owner, root: root, chain: chain, number: number, span: span))
    }
  }

  /// The piece in which the moment lies; the first for all that is older.
  @inline(__always)
  func index(of time: Instant) -> Int {
    let last = pieces.count - 1
    return last < 0 || pieces[last].from <= time ? last : search(time)
  }

  /// As `index(of:)`, and remembers where it was found: all callbacks of a pass look back at the poll and at its return.
  @inline(__always)
  private mutating func lookUp(_ time: Instant) -> Int {
    let last = pieces.count - 1
    if last < 0 || pieces[last].from <= time { return last }
    if found + 1 < last, pieces[found].from <= time, time < pieces[found + 2].from {
      return time < pieces[found + 1].from ? found : found + 1
    }
    found = search(time)
    return found
  }

  /// One by one at first, because most look for what is near the end, and then by steps that double.
  private func search(_ time: Instant) -> Int {
    var high = pieces.count - 1
    let near = max(high - 32, 0)
    while high > near {
      high -= 1
      if pieces[high].from <= time { return high }
    }
    var step = 1
    while high - step > 0 && pieces[high - step].from > time {
      high -= step
      step *= 2
    }
    var low = max(high - step, 0)
    while low + 1 < high {
      let middle = (low + high) / 2
      if pieces[middle].from <= time { low = middle } else { high = middle }
    }
    return low
  }

  /// A callback is ready for certain since a moment, and has not begun yet.
  @inline(__always)
  mutating func beginWait(at time: Instant, chain: WaitingChain?) {
    guard let first = pieces.first else { return }
    if time < first.from { unknown = unknown + (first.from - time) }
    change(at: time, chain, certain: 1, atMost: 1)
  }

  /// A wait that began with `beginWait` at `since` ends.
  @inline(__always)
  mutating func endWait(at time: Instant, since: Instant, chain: WaitingChain?) {
    guard !pieces.isEmpty else { return }
    ended = ended + (time - since)
    change(at: time, chain, certain: -1, atMost: -1)
  }

  /// A callback has waited, which was not known before; `chain` is `nil` where nothing of its chain can have run meanwhile.
  @inline(__always)
  mutating func wait(_ readiness: Readiness, until time: Instant, chain: WaitingChain?) {
    guard let first = pieces.first, readiness.earliest < time else { return }
    if readiness.certain < first.from { unknown = unknown + (min(first.from, time) - readiness.certain) }
    ended = ended + (time - readiness.certain)
    if readiness.earliest == readiness.certain {
      change(at: readiness.certain, chain, certain: 1, atMost: 1)
    } else {
      change(at: readiness.earliest, chain, certain: 0, atMost: 1)
      change(at: readiness.certain, chain, certain: 1, atMost: 0)
    }
    change(at: time, chain, certain: -1, atMost: -1)
  }

  @inline(__always)
  private mutating func change(at time: Instant, _ chain: WaitingChain?, certain: Int32, atMost: Int32) {
    let index = lookUp(time)
    pieces[index].change(at: time, certain: certain, atMost: atMost)
    guard let chain else { return }
    // From when it has that slot, which was another's before.
    if time >= chain.began {
      changeOwn(at: time, in: index, chain.slot, certain: certain, atMost: atMost)
    } else {
      changeOwn(at: chain.began, in: self.index(of: chain.began), chain.slot, certain: certain, atMost: atMost)
    }
  }

  /// The same for the waits of one chain, in the piece in which the moment lies.
  private mutating func changeOwn(at time: Instant, in index: Int, _ chain: Int32, certain: Int32, atMost: Int32) {
    let change = OwnChange(
      chain: chain, waiting: certain, mayWait: atMost, next: pieces[index].ownChange,
      offset: max(time - pieces[index].from, .zero))
    if freeChange >= 0 {
      pieces[index].ownChange = freeChange
      freeChange = ownChanges[Int(freeChange)].next
      ownChanges[Int(pieces[index].ownChange)] = change
    } else {
      pieces[index].ownChange = Int32(ownChanges.count)
      ownChanges.append(change)
    }
  }

  /// Takes the changes of a piece that is forgotten out of use.
  mutating func freeChanges(of piece: Piece) {
    var place = piece.ownChange
    while place >= 0 {
      let next = ownChanges[Int(place)].next
      ownChanges[Int(place)].next = freeChange
      freeChange = place
      place = next
    }
  }

  /// Forgets the first pieces, which have been swept.
  mutating func forget(_ count: Int) {
    for index in 0..<count where pieces[index].ownChange >= 0 { freeChanges(of: pieces[index]) }
    pieces.removeFirst(count)
  }
}
