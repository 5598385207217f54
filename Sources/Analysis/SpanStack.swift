import Trace

/// A span that has begun and not ended.
struct ActiveSpan {
  var id: SpanID
  var site: SiteID
  var kind: CallbackKind
  /// Index into the counts of its site.
  var counts: Int32
  var began: Instant
  /// Wall time of the spans nested in it that have ended.
  var nested = Nanoseconds.zero
  /// Its chain, with its step there.
  var chain: ChainTable.Reference?
  var chainNumber = ChainNumber.none
  var step = StepReference()
  /// Whether it came from the ready queue.
  var isFromQueue = false
  /// Whether its chain began with it.
  var startedChain = false
}

/// The open spans of one loop, outermost first.
struct SpanStack {
  private(set) var spans = Slab<ActiveSpan>()
  /// Spans that began deeper than the limit: they are counted and not followed.
  private var deeper = 0
  private static let limit = 1_024

  /// Makes this value the only one that knows its memory.
  mutating func own() { spans.own() }

  var isEmpty: Bool { spans.count == 0 }
  var top: ActiveSpan? { spans.last }

  /// The chain of the innermost span.
  @inline(__always)
  var topChain: ChainTable.Reference? { isEmpty ? nil : spans[spans.count - 1].chain }

  /// Opens a span; false where it lies too deep.
  @inline(__always)
  mutating func push(_ span: ActiveSpan) -> Bool {
    guard spans.count < Self.limit else {
      deeper += 1
      return false
    }
    spans.append(span)
    return true
  }

  @inline(__always)
  mutating func pop() -> ActiveSpan? { spans.popLast() }

  /// Who has the loop: the innermost span, in the outermost one.
  @inline(__always)
  var owner: LoopBlame.Owner? {
    guard let top = spans.indices.last else { return nil }
    return LoopBlame.Owner(
      site: spans[top].counts, root: spans[0].counts, chain: spans[top].chain?.slot ?? -1,
      number: spans[top].chainNumber, span: spans[top].id)
  }

  /// Whether this is the innermost span.
  @inline(__always)
  func isTop(_ id: SpanID) -> Bool { !isEmpty && spans[spans.count - 1].id == id }

  /// Changes the innermost span.
  mutating func changeTop(_ change: (inout ActiveSpan) -> Void) {
    if !spans.isEmpty { change(&spans[spans.count - 1]) }
  }

  /// Charges the time of a span that has ended to the one that it ran in.
  mutating func nest(_ duration: Nanoseconds) {
    if !spans.isEmpty { spans[spans.count - 1].nested = spans[spans.count - 1].nested + duration }
  }

  /// How many spans lie within this one; `nil` where it is not open.
  @inline(__always)
  func depthAbove(_ id: SpanID) -> Int? {
    // The innermost one in all but broken traces.
    isTop(id) ? 0 : search(id)
  }

  @inline(never)
  private func search(_ id: SpanID) -> Int? {
    spans.lastIndex { $0.id == id }.map { spans.count - 1 - $0 }
  }

  /// Whether an unknown end belongs to a span that lay too deep.
  mutating func endsDeeper() -> Bool {
    guard deeper > 0 else { return false }
    deeper -= 1
    return true
  }

  /// Adds a span that is known from elsewhere in the order of its begin.
  mutating func adopt(_ span: ActiveSpan) {
    guard spans.count < Self.limit else { return }
    spans.insert(span, at: spans.firstIndex { $0.began > span.began } ?? spans.count)
  }

  /// The self time so far of each open span.
  func ownTimes(at now: Instant) -> [Nanoseconds] {
    spans.indices.map { index in
      let end = index + 1 < spans.count ? spans[index + 1].began : now
      return max(end - spans[index].began - spans[index].nested, .zero)
    }
  }
}
