import Trace

/// How long something may take before a check wants to know of it.
public struct Limits: Hashable, Sendable {
  /// The self time of a callback; `nil` lets it take any.
  public var callback: Nanoseconds?
  /// A tick; `nil` lets it take any.
  public var tick: Nanoseconds?
  /// Whether it is CPU time that is limited.
  public var byCPUTime: Bool

  /// No limit but those that are given.
  public init(callback: Nanoseconds? = nil, tick: Nanoseconds? = nil, byCPUTime: Bool = false) {
    self.callback = callback
    self.tick = tick
    self.byCPUTime = byCPUTime
  }
}

/// Callbacks of one site, or ticks of one loop, that took longer than a limit.
public struct Overlong: Hashable, Sendable {
  /// What took so long.
  public enum Subject: Hashable, Sendable {
    /// Callbacks of the site.
    case callbacks(Site)
    /// Ticks of the loop.
    case ticks(LoopID)
  }

  /// One of them.
  public struct Instance: Hashable, Sendable {
    /// Where it was.
    public var loop: LoopID
    /// When it began.
    public var began: Instant
    /// Self time of a callback, duration of a tick.
    public var length: Nanoseconds
    /// How much of that it spent on a CPU, at most; `nil` where no reading of the thread's CPU time tells.
    public var cpu: Nanoseconds?
    /// Whether it goes on at the end.
    public var isRunning = false
  }

  /// What.
  public var subject: Subject
  /// Whether they were within the limit but for the time in which the machine gave their thread no CPU.
  public var isDeprived: Bool
  /// How many.
  public var count: UInt64
  /// The longest.
  public var worst: Instance
}

/// Watches one loop for what takes longer than it may. Costs nothing but for that.
struct OverlongWatch {
  /// Of what.
  enum Subject: Hashable {
    /// Spans, by index into the counts of sites.
    case callbacks(Int32)
    case ticks
  }

  struct Key: Hashable {
    var subject: Subject
    var isDeprived: Bool
  }

  struct Sum {
    var count: UInt64
    var worst: Overlong.Instance
  }

  private let limits: Limits
  /// What no reading has followed yet.
  private var unjudged: [(subject: Subject, instance: Overlong.Instance, end: Instant)] = []
  private(set) var sums: [Key: Sum] = [:]
  /// A trace without readings must not make them pile up.
  private static let limit = 1_024

  init(_ limits: Limits) { self.limits = limits }

  /// Something has ended, or goes on at the end; the witness knows the loop's thread.
  mutating func take(_ subject: Subject, _ instance: Overlong.Instance, until end: Instant, _ witness: CPUWitness) {
    let limit = limit(subject)
    guard let limit, instance.length > limit else { return }
    if let testimony = witness.testimony(from: instance.began, to: end) { return judge(subject, instance, testimony) }
    if unjudged.count >= Self.limit { judgeAll(by: witness) }
    unjudged.append((subject, instance, end))
  }

  private func limit(_ subject: Subject) -> Nanoseconds? { subject == .ticks ? limits.tick : limits.callback }

  /// Judges what is left by what is known.
  mutating func judgeAll(by witness: CPUWitness) {
    for (subject, instance, end) in unjudged {
      judge(subject, instance, witness.testimony(from: instance.began, to: end))
    }
    unjudged.removeAll(keepingCapacity: true)
  }

  private mutating func judge(_ subject: Subject, _ instance: Overlong.Instance, _ testimony: CPUWitness.Testimony?) {
    guard let limit = limit(subject) else { return }
    var instance = instance
    instance.cpu = testimony.map { min($0.most, instance.length) }
    let isWithin = instance.cpu.map { $0 <= limit } ?? false
    let isDeprived = isWithin && testimony?.isDeprived == true
    // It slept: by CPU time that is no matter.
    if limits.byCPUTime && isWithin && !isDeprived { return }
    let key = Key(subject: subject, isDeprived: isDeprived)
    var sum = sums[key] ?? Sum(count: 0, worst: instance)
    sum.count += 1
    if measured(instance) > measured(sum.worst) { sum.worst = instance }
    sums[key] = sum
  }

  private func measured(_ instance: Overlong.Instance) -> Nanoseconds {
    limits.byCPUTime ? instance.cpu ?? instance.length : instance.length
  }
}

extension Analyzer {
  /// Analyzes as usual, and collects what takes longer than it may.
  public init(thresholds: Thresholds = Thresholds(), limits: Limits) {
    self.init(thresholds: thresholds)
    self.limits = limits
  }

  /// What took longer than the limits allow, the longest first; what goes on up to the moment as in `report(at:)`.
  public func overlong(at now: Instant?) -> [Overlong] {
    var found: [Place: Overlong] = [:]
    for loop in loops.compactMap({ $0 }) {
      guard var watch = loop.overlong else { continue }
      let moment = loop.moment(now?.bounded)
      for (span, own) in zip(loop.stack.spans, loop.stack.ownTimes(at: moment)) {
        let instance = Overlong.Instance(loop: loop.id, began: span.began, length: own, isRunning: true)
        watch.take(.callbacks(span.counts), instance, until: moment, loop.witness)
      }
      if case .busy(let since, _) = loop.phase {
        let instance = Overlong.Instance(loop: loop.id, began: since, length: moment - since, isRunning: true)
        watch.take(.ticks, instance, until: moment, loop.witness)
      }
      watch.judgeAll(by: loop.witness)
      for (key, sum) in watch.sums {
        let place = Place(subject: subject(key.subject, of: loop.id), isDeprived: key.isDeprived)
        found[place, default: Overlong(place, sum)].add(sum)
      }
    }
    return found.values.sorted {
      ($0.worst.length, $1.worst.began, $1.count) > ($1.worst.length, $0.worst.began, $0.count)
    }
  }

  private func subject(_ subject: OverlongWatch.Subject, of loop: LoopID) -> Overlong.Subject {
    switch subject {
    case .callbacks(let index): .callbacks(definitions.site(sites.counts[Int(index)].site))
    case .ticks: .ticks(loop)
    }
  }

  /// A span that ended took longer than a limit may allow.
  mutating func noteOverlong(_ span: ActiveSpan, own: Nanoseconds, at time: Instant, _ loop: inout LoopAnalysis) {
    let instance = Overlong.Instance(loop: loop.id, began: span.began, length: own)
    loop.overlong?.take(.callbacks(span.counts), instance, until: time, loop.witness)
  }
}

/// What is told of together: a site has counts of its own for each kind and loop.
private struct Place: Hashable {
  var subject: Overlong.Subject
  var isDeprived: Bool
}

extension Overlong {
  fileprivate init(_ place: Place, _ sum: OverlongWatch.Sum) {
    self.init(subject: place.subject, isDeprived: place.isDeprived, count: 0, worst: sum.worst)
  }

  fileprivate mutating func add(_ sum: OverlongWatch.Sum) {
    count += sum.count
    if sum.worst.length > worst.length { worst = sum.worst }
  }
}
