import Trace

/// What is counted about the spans of one site and kind.
struct SiteCounts {
  var site: SiteID
  var kind: CallbackKind
  var count: UInt64 = 0
  var total = Nanoseconds.zero
  var own = Nanoseconds.zero
  var slow: UInt64 = 0
  var slowOwn = Nanoseconds.zero
  var threw: UInt64 = 0
  var durations = Durations()
  var worst = TopList<SiteReport.Instance>(limit: 10)

  /// A span of the site ended.
  @inline(__always)
  fileprivate mutating func end(
    _ span: ActiveSpan, of loop: LoopID, total: Nanoseconds, own: Nanoseconds, slow: Bool, threw: Bool
  ) {
    self.total = self.total + total
    self.own = self.own + own
    durations.record(own)
    if threw { self.threw += 1 }
    if slow {
      self.slow += 1
      slowOwn = slowOwn + own
    }
    worst.insert(own, SiteReport.Instance(loop: loop, began: span.began, own: own, running: false))
  }
}

/// The counts of all sites, found by index rather than by hashing.
struct SiteStatistics {
  private(set) var counts = Slab<SiteCounts>()
  /// By site and kind: index into `counts`, -1 where nothing has begun there.
  private var indices = Slab<Int32>()
  /// As many kinds have a place each. A number, because what is counted when first asked for is asked for at each begin.
  private static let kinds = 16

  /// Makes room for that many sites.
  mutating func reserve(sites: Int) {
    assert(CallbackKind.allCases.count <= Self.kinds)
    indices.grow(to: sites * Self.kinds, -1)
  }

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    indices.own()
    counts.own()
    for index in counts.indices { counts[index].durations.own() }
  }

  /// Counts a span's begin; a site past the table is the unknown one.
  @inline(__always)
  mutating func begin(_ site: SiteID, _ kind: CallbackKind) -> Int {
    let place = Int(site.index) * Self.kinds + Int(kind.rawValue)
    let index = place < indices.count ? indices[place] : -1
    if index >= 0 {
      counts[Int(index)].count += 1
      return Int(index)
    }
    return add(site, kind, at: place)
  }

  @inline(never)
  private mutating func add(_ site: SiteID, _ kind: CallbackKind, at place: Int) -> Int {
    guard place < indices.count else { return begin(.unknown, kind) }
    indices[place] = Int32(counts.count)
    counts.append(SiteCounts(site: site, kind: kind, count: 1))
    return counts.count - 1
  }

  /// Counts a span's end.
  @inline(__always)
  mutating func end(_ span: ActiveSpan, of loop: LoopID, total: Nanoseconds, own: Nanoseconds, slow: Bool, threw: Bool)
  {
    counts[Int(span.counts)].end(span, of: loop, total: total, own: own, slow: slow, threw: threw)
  }
}
