import Trace

/// A stretch of one loop's time from its events, to be drawn to scale.
public struct LoopWindow: Hashable, Sendable {
  /// The loop.
  public let loop: LoopID
  /// The first slice's begin.
  public let from: Instant
  /// A slice's length, above zero.
  public let length: Nanoseconds
  /// How much of each slice is known, and how much of that the loop was busy.
  public private(set) var slices: [Slice]
  /// Spans that overlap it, in the order of their begins; empty where it is dense.
  public private(set) var spans: [Span] = []
  /// Passes of the loop that overlap it, in order; empty where it is dense.
  public private(set) var passes: [Pass] = []
  /// Whether there are more spans or passes than `LoopWindow.limit`: too many to be told apart.
  public private(set) var isDense = false

  /// How many spans, and how many passes, a window keeps.
  public static let limit = 2_000

  /// A slice's time outside and inside the poll.
  public struct Slice: Hashable, Sendable {
    /// Outside.
    public var busy = Nanoseconds.zero
    /// Inside.
    public var idle = Nanoseconds.zero
  }

  /// A callback's run.
  public struct Span: Hashable, Sendable {
    /// Its site.
    public var site: Site
    /// What sort of callback.
    public var kind: CallbackKind
    /// Its begin.
    public var began: Instant
    /// Its end; `nil` where the events do not reach that far.
    public var ended: Instant?
    /// In how many others it lies.
    public var depth: Int
  }

  /// A pass of the loop.
  public struct Pass: Hashable, Sendable {
    /// The poll's return.
    public var from: Instant
    /// The next poll's entry; `nil` where the events do not reach that far.
    public var to: Instant?
  }

  /// Its end.
  public var to: Instant { from + Nanoseconds(length.count &* Int64(slices.count)) }

  /// What the batches tell of `count` slices (4,096 at most) of `length` from `from` on.
  ///
  /// `replay` stands ahead of the first batch, and not after `from`. `now` is up to when what is still open is known to
  /// be: the present for a live trace, `nil` for the last event's time.
  public init(
    after replay: LoopReplay, _ batches: [Batch], from: Instant, length: Nanoseconds, count: Int, until now: Instant?,
    _ definitions: Definitions
  ) {
    loop = replay.loop
    self.from = from
    self.length = Nanoseconds(max(1, length.count))
    slices = Array(repeating: Slice(), count: max(0, min(count, 4_096)))
    fill(after: replay, batches, until: now, definitions)
  }

  private mutating func fill(
    after replay: LoopReplay, _ batches: [Batch], until now: Instant?, _ definitions: Definitions
  ) {
    var replay = replay
    var filling: Filling?
    for batch in batches {
      var first = 0
      if filling == nil {
        guard let later = replay.consume(batch, through: from) else { continue }
        filling = start(at: replay, definitions)
        first = later
      }
      for event in batch.events[first...] where event.time <= to {
        take(event.body, at: event.time, &filling!, definitions)
      }
      if let last = batch.events.last?.time, last > to {
        filling!.last = to
        break
      }
    }
    var end = filling ?? start(at: replay, definitions)
    end.last = max(end.last ?? from, now ?? from)
    settle(phase: end.phase, at: min(end.last ?? from, to))
  }

  /// Where the filling has come to.
  private struct Filling {
    var phase: LoopMoment.Phase
    /// Open spans: their ids, and where they stand among `spans`.
    var open: [(id: SpanID, index: Int?)] = []
    var last: Instant?
  }

  private mutating func start(at replay: LoopReplay, _ definitions: Definitions) -> Filling {
    var filling = Filling(phase: replay.phase, last: replay.last)
    for (span, began) in replay.openSpans { open(span, at: began, &filling, definitions) }
    return filling
  }

  private mutating func take(_ body: Event.Body, at time: Instant, _ filling: inout Filling, _ definitions: Definitions)
  {
    filling.last = time
    switch body {
    case .began(let span): open(span, at: time, &filling, definitions)
    case .ended(let id, _):
      guard let place = filling.open.lastIndex(where: { $0.id == id }) else { return }
      close(filling.open[place...], at: time)
      filling.open.removeSubrange(place...)
    case .pollEntered(let timeout): change(to: .polling(since: time, timeout: timeout), at: time, &filling)
    case .pollReturned: change(to: .pass(since: time), at: time, &filling)
    case .loopEnded: change(to: .ended, at: time, &filling)
    case .gap(let gap):
      change(to: .unknown, at: max(gap.from, from), &filling)
    default: break
    }
  }

  private mutating func open(
    _ span: Event.Began, at began: Instant, _ filling: inout Filling, _ definitions: Definitions
  ) {
    switch filling.phase {
    case .unknown, .begun: filling.phase = .pass(since: began)
    case .polling, .pass, .ended: break
    }
    var index: Int?
    if spans.count >= Self.limit { thin() }
    if !isDense {
      index = spans.count
      let site = definitions.site(span.site)
      spans.append(Span(site: site, kind: span.kind, began: began, ended: nil, depth: filling.open.count))
    }
    if filling.open.count < LoopReplay.depthLimit { filling.open.append((span.id, index)) }
  }

  private mutating func close(_ open: ArraySlice<(id: SpanID, index: Int?)>, at time: Instant) {
    for case (_, let index?) in open where spans.indices.contains(index) { spans[index].ended = time }
  }

  private mutating func change(to next: LoopMoment.Phase, at time: Instant, _ filling: inout Filling) {
    close(filling.open[...], at: time)
    filling.open = []
    settle(phase: filling.phase, at: time)
    if case .pass = filling.phase, !passes.isEmpty, passes[passes.count - 1].to == nil {
      passes[passes.count - 1].to = time
    }
    filling.phase = next
  }

  /// The phase has lasted until `time`.
  private mutating func settle(phase: LoopMoment.Phase, at time: Instant) {
    switch phase {
    case .polling(let since, _): add(from: since, to: time, \.idle)
    case .pass(let since):
      add(from: since, to: time, \.busy)
      guard !isDense, time > from else { return }
      guard passes.count < Self.limit else { return thin() }
      passes.append(Pass(from: since, to: nil))
    case .unknown, .begun, .ended: break
    }
  }

  private mutating func thin() {
    isDense = true
    spans = []
    passes = []
  }

  private mutating func add(from begin: Instant, to end: Instant, _ part: WritableKeyPath<Slice, Nanoseconds>) {
    guard !slices.isEmpty else { return }
    var at = max(begin, from)
    let end = min(end, to)
    while at < end {
      let index = Int((at - from).count / length.count)
      let edge = min(end, from + Nanoseconds(length.count &* Int64(index + 1)))
      slices[index][keyPath: part] = slices[index][keyPath: part] + (edge - at)
      at = edge
    }
  }
}
