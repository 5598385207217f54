import Trace

extension Inquiry {
  /// What was found; what does not belong to the subject is empty.
  public struct Answer: Hashable, Sendable {
    /// Who scheduled a site's callbacks, the most frequent way first.
    public var scheduling: [Scheduled] = []
    /// Callbacks that waited, or may have waited, while the subject ran; the longest wait first, at most
    /// `Inquiry.victimLimit`.
    public var victims: [Victim] = []
    /// How many there were, listed or not.
    public var victimCount: UInt64 = 0
    /// The waits of a chain's callbacks, the longest first; their charges add up to each.
    public var waits: [Ledger] = []
    /// A chain's callbacks, and who made each of them happen; `nil` for what is no chain.
    public var steps: ChainSteps?
    /// Whose callback created an operation.
    public var creator: Site?
    /// What an operation can only settle after, the next one first.
    public var awaits: [OperationID] = []

    /// Nothing was found yet.
    public init() {}

    /// A way in which a callback comes to run.
    public struct Scheduling: Hashable, Sendable {
      /// Whose callback registered it; `nil` where that was no callback, or lies further back than was looked.
      public var creator: Site?
      /// What made it ready.
      public var trigger: Trigger
    }

    /// A way, and how often.
    public struct Scheduled: Hashable, Sendable {
      /// The way.
      public var way: Scheduling
      /// How many callbacks came to run in it, of those that were looked at.
      public var count: UInt64
    }

    /// A callback that had to wait.
    public struct Victim: Hashable, Sendable {
      /// Its loop.
      public var loop: LoopID
      /// Its site.
      public var site: Site
      /// What sort of callback it is.
      public var kind: CallbackKind
      /// Its chain.
      public var chain: ChainID?
      /// When it began at last.
      public var began: Instant
      /// For how long it waited for certain while the subject ran.
      public var certain: Nanoseconds
      /// For how long it may have waited.
      public var upTo: Nanoseconds
    }

    /// Who made the chain's callbacks wait, the most first; what no callback is to blame for has no site.
    public var blame: [(site: Site?, name: String, time: Nanoseconds)] {
      var sites: [Site: Nanoseconds] = [:]
      for wait in waits { for charge in wait.charges { sites[charge.site, default: .zero] += charge.time } }
      let others: [(String, KeyPath<Ledger, Nanoseconds>)] = [
        ("its own callbacks", \.ownChain), ("the poll, which woke up late", \.poll),
        ("the loop itself, between callbacks", \.overhead), ("not known: events are missing", \.gap),
        ("not known: too far back", \.unknown),
      ]
      let rest = others.map { name, part in
        (site: Site?.none, name: name, time: waits.reduce(Nanoseconds.zero) { $0 + $1[keyPath: part] })
      }
      let charged = sites.map { (site: Site?.some($0.key), name: $0.key.function, time: $0.value) }
      return (charged + rest).filter { $0.time > .zero }.sorted { ($0.time, $1.name) > ($1.time, $0.name) }
    }
  }
}

/// How many spans took how long.
public struct DurationCount: Hashable, Sendable {
  /// How long, rounded to two digits.
  public var length: Nanoseconds
  /// How many.
  public var count: UInt64

  /// A count of a length.
  public init(length: Nanoseconds, count: UInt64) {
    self.length = length
    self.count = count
  }
}

extension Analyzer {
  /// How the self times of one site and kind are distributed: how many spans took how long, the shortest first.
  ///
  /// Costs a pass over the sites and one over the histogram; empty where nothing ended.
  public func durations(of site: Site, _ kind: CallbackKind) -> [DurationCount] {
    guard let counts = sites.counts.first(where: { $0.kind == kind && definitions.site($0.site) == site }) else {
      return []
    }
    return counts.durations.buckets.map {
      DurationCount(length: Nanoseconds(Int64(clamping: $0.value)), count: $0.count)
    }
  }
}
