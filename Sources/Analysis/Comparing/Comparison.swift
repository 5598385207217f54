import Trace

/// What two traces of the same program differ in, chance taken into account.
public struct Comparison: Hashable, Sendable {
  /// How something changed.
  public enum Change: String, CaseIterable, Sendable {
    /// Only the later trace has it.
    case new
    /// It takes longer, or happens more often.
    case worse
    /// Only the earlier trace has it.
    case gone
    /// It takes less time, or happens less often.
    case better
    /// No difference beyond chance.
    case same
  }

  /// Lengths of time in both traces.
  public struct Lengths: Hashable, Sendable {
    /// Of what.
    public var name: String
    /// Where in the code, where it is about one place.
    public var site: Site?
    /// How they changed.
    public var change: Change
    /// In the earlier trace; `nil` where it has none.
    public var before: Percentiles?
    /// In the later trace; `nil` where it has none.
    public var after: Percentiles?
    /// Whether they are longer beyond chance, by the rank test; `nil` where there are too few to tell.
    public var isMedianLonger: Bool?
    /// Whether beyond chance more of them exceed the earlier 99th percentile; `nil` where there are too few to tell.
    public var isTailLonger: Bool?
  }

  /// A finding in both traces.
  public struct FoundChange: Hashable, Sendable {
    /// The finding as it was found last.
    public var finding: Finding
    /// How it changed.
    public var change: Change
    /// How many instances it stands for in the earlier trace.
    public var before: UInt64
    /// How many in the later trace.
    public var after: UInt64
  }

  /// The reports of the two.
  public let before: Report
  /// The later one.
  public let after: Report
  /// New and worse ones first, the worst of them first.
  public let findings: [FoundChange]
  /// Ticks, timers' delays and all delays of each loop, by its name.
  public let loops: [Lengths]
  /// Self times of callbacks by function and kind: those that got worse first, by how much time that took.
  public let sites: [Lengths]

  /// Compares two traces that have been read to their ends.
  ///
  /// A length of time has changed where the rank test finds a difference that chance makes in fewer than one case in a
  /// thousand, and the median or the 99th percentile has moved the same way by a twentieth.
  public init(of before: Analyzer, with after: Analyzer) {
    self.before = before.report(at: nil)
    self.after = after.report(at: nil)
    findings = Self.compare(self.before.findings, self.after.findings)
    // One loop is the same one, whatever it is called.
    let areNamed = self.before.loops.count > 1 || self.after.loops.count > 1
    loops = Self.compare(before.lengths(named: areNamed), after.lengths(named: areNamed))
    sites = Self.compare(before.lengths(besides: after.places), after.lengths(besides: before.places))
  }

  /// Where callbacks are counted.
  struct Place: Hashable {
    var site: Site
    var kind: CallbackKind
    var name: String { "\(site.function) \(kind)" }
  }

  /// What places are called in both traces: by their lines, which move with every edit, only where the function and its kind
  /// leave it open in one of them.
  static func names(_ places: [Place], besides others: [Place]) -> [String] {
    let open = [places, others].map { Dictionary(grouping: $0, by: \.name).filter { $0.value.count > 1 } }
    return places.map { place in
      open.contains { $0[place.name] != nil } ? "\(place.name):\(place.site.line)" : place.name
    }
  }

  /// What is new, worse, gone and better, then what is the same.
  private static func order<Row>(_ rows: [Row], _ change: (Row) -> Change) -> [Row] {
    Change.allCases.flatMap { wanted in rows.filter { change($0) == wanted } }
  }

  private static func compare(_ before: [Finding], _ after: [Finding]) -> [FoundChange] {
    // A line moves with every edit above it: the same finding is the same thing at the same function.
    struct Key: Hashable { var id, function, file: String }
    func key(_ finding: Finding) -> Key {
      Key(id: finding.id, function: finding.site.function, file: finding.site.file)
    }
    let known = Dictionary(before.map { (key($0), $0) }) { first, _ in first }
    let left = Set(after.map(key))
    let rows = after.map { finding in
      let count = known[key(finding)]?.count ?? 0
      let change: Change = count == 0 ? .new : finding.count > count ? .worse : finding.count < count ? .better : .same
      return FoundChange(finding: finding, change: change, before: count, after: finding.count)
    }
    let gone = before.filter { !left.contains(key($0)) }.map { finding in
      FoundChange(finding: finding, change: .gone, before: finding.count, after: 0)
    }
    return order(rows + gone, \.change)
  }

  /// Durations under their name.
  struct Named {
    var name: String
    var site: Site?
    var durations: Durations
  }

  private static func compare(_ before: [Named], _ after: [Named]) -> [Lengths] {
    let known = Dictionary(before.map { ($0.name, $0.durations) }) { first, _ in first }
    let left = Set(after.map(\.name))
    let rows = after.map { named in
      let old = known[named.name]
      return (
        lengths(named, old), weight: weight(old, named.durations)
      )
    }
    let gone = before.filter { !left.contains($0.name) }.map { named in
      (
        Lengths(
          name: named.name, site: named.site, change: .gone, before: named.durations.percentiles, after: nil),
        weight: weight(named.durations, nil)
      )
    }
    let sorted = (rows + gone).sorted { ($0.weight, $1.0.name) > ($1.weight, $0.0.name) }
    return order(sorted.map(\.0), \.change)
  }

  /// By how much the time that it takes in all has changed, by medians: what is put first.
  private static func weight(_ before: Durations?, _ after: Durations?) -> Double {
    func time(_ durations: Durations?) -> Double {
      durations?.percentiles.map { Double($0.p50.count) * Double($0.count) } ?? 0
    }
    return abs(time(after) - time(before))
  }
}

extension Analyzer {
  fileprivate func lengths(named: Bool) -> [Comparison.Named] {
    loops.compactMap { $0 }.sorted { $0.id < $1.id }.flatMap { loop in
      let name = named ? "\(definitions.loop(loop.id)?.name ?? ""): " : ""
      return [("ticks", loop.passes), ("timers' delay", loop.delays.timers), ("all delays", loop.delays.all)]
        .filter { $0.1.count > 0 }.map { Comparison.Named(name: name + $0.0, site: nil, durations: $0.1) }
    }
  }

  fileprivate var places: [Comparison.Place] {
    sites.counts.filter { $0.durations.count > 0 }.map { counts in
      Comparison.Place(site: definitions.site(counts.site), kind: counts.kind)
    }
  }

  fileprivate func lengths(besides others: [Comparison.Place]) -> [Comparison.Named] {
    let durations = sites.counts.map(\.durations).filter { $0.count > 0 }
    let places = places
    return zip(Comparison.names(places, besides: others), zip(places, durations)).map { name, row in
      Comparison.Named(name: name, site: row.0.site, durations: row.1)
    }
  }
}
