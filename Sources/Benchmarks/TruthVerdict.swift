/// What a report says of the truth program's trace, held against what the program says that it did.
struct TruthVerdict {
  /// One kind of thing that was planted, and found.
  struct Row {
    var name: String
    var planted: Int
    var reported: Int
    /// Of those reported, how many were planted.
    var right: Int

    var recall: Double { planted == 0 ? 1 : Double(right) / Double(planted) }
    var precision: Double { reported == 0 ? 1 : Double(right) / Double(reported) }
  }

  /// How far two clocks' readings of the same thing are apart, in nanoseconds.
  struct Errors {
    var name: String
    private(set) var sorted: [Int64] = []

    init(_ name: String) { self.name = name }

    mutating func add(_ difference: Int64) {
      sorted.insert(abs(difference), at: sorted.firstIndex { $0 > abs(difference) } ?? sorted.count)
    }
    /// The one that so great a share of them does not exceed.
    func quantile(_ share: Double) -> Int64? {
      sorted.isEmpty ? nil : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }
  }

  private(set) var rows: [Row] = []
  private(set) var begins = Errors("a stall's begin")
  private(set) var durations = Errors("a stall's duration")
  private(set) var blames = Errors("blame of one callback's wait")
  /// Causes of stalls that can only be one thing, by what was said of them.
  private(set) var causes = (right: 0, unsaid: 0, wrong: 0)
  /// Stalls that nobody planted and that are told to be the machine's: a thread that loses its CPU between the begin of a
  /// callback and the first look at the clock in it is late without knowing it.
  private(set) var machineStalls: [TruthReport.Stall] = []
  /// What is wrong, in words.
  private(set) var complaints: [String] = []

  private static let threshold: Int64 = 50_000_000
  /// So near to the threshold the program's clock and the trace's may differ over what exceeds it.
  private static let tolerance: Int64 = 500_000

  private let deeds: [TruthDeed]
  private let report: TruthReport

  init(_ deeds: [TruthDeed], _ report: TruthReport) {
    self.deeds = deeds
    self.report = report
    judgeStalls()
    countLong(
      "blocking-callback", deeds.filter { $0.keepsLoop && $0.kind != .starves }, orElse: machineStalls.map(\.site))
    countLong("starvation", deeds.filter { $0.kind == .starves })
    count("dropped-operation", deeds.filter { $0.kind == .drops })
    count("never-settled", deeds.filter { $0.kind == .forgets })
    count("unhandled-failure", deeds.filter { $0.kind == .fails })
    judgeTheRest()
    judgeBlame()
  }

  /// Whether everything that must be is so.
  var isGood: Bool {
    rows.allSatisfy { $0.recall == 1 && $0.precision == 1 } && causes.wrong == 0
      && [begins, durations].allSatisfy { $0.quantile(0.5) ?? .max < 100_000 }
  }

  // MARK: Stalls

  private mutating func judgeStalls() {
    let planted = deeds.filter { $0.keepsLoop && $0.duration > Self.threshold - Self.tolerance }
    var found: Set<Int> = []
    var right = 0
    for stall in report.stalls {
      // What lies within a stall for the most part is what it is about.
      let about = planted.indices.filter { index in
        let deed = planted[index]
        return min(deed.end, stall.end) - max(deed.begin, stall.begin) > deed.duration / 2
          && stall.isOnSecondLoop == deed.isOnSecondLoop
      }
      found.formUnion(about)
      guard let longest = about.max(by: { planted[$0].duration < planted[$1].duration }) else {
        if stall.cause == "cpu-wait" { machineStalls.append(stall) } else { complain("no such stall: \(stall)") }
        continue
      }
      right += 1
      judge(stall, planted[longest], alone: about.count == 1)
    }
    let missed = planted.indices.filter {
      !found.contains($0) && planted[$0].duration > Self.threshold + Self.tolerance
    }
    for index in missed { complain("not told of: \(planted[index].line)") }
    rows.append(
      Row(
        name: "stall", planted: right + missed.count, reported: report.stalls.count - machineStalls.count, right: right)
    )
  }

  private mutating func judge(_ stall: TruthReport.Stall, _ deed: TruthDeed, alone: Bool) {
    // Of several that one pass holds, none has its begin and its end.
    guard alone else { return }
    begins.add(stall.begin - deed.begin)
    durations.add(stall.end - stall.begin - deed.duration)
    guard let cause = cause(of: deed) else { return }
    switch stall.cause {
    case cause: causes.right += 1
    case "unknown" where deed.kind == .sleeps: causes.right += 1
    case "unknown":
      causes.unsaid += 1
      complain("not told to be \(cause): \(deed.line)")
    default:
      causes.wrong += 1
      complain("\(stall.cause), and not \(cause): \(deed.line)")
    }
  }

  /// What can only be the cause; `nil` where it is too near to something else.
  private func cause(of deed: TruthDeed) -> String? {
    if deed.kind == .sleeps { return deed.cpu < deed.duration / 2 ? "unknown" : nil }
    // Whom it waited for is not known: a lock of the pool's, or a CPU.
    if deed.kind == .slow { return nil }
    if deed.cpu < Self.threshold * 9 / 10 { return "cpu-wait" }
    return deed.cpu > Self.threshold * 11 / 10 ? "computing" : nil
  }

  // MARK: Findings

  /// Those that exceed the threshold; of those that nearly do, or hardly, either may be told.
  private mutating func countLong(_ id: String, _ deeds: [TruthDeed], orElse others: [String] = []) {
    let near = deeds.filter { abs($0.duration - Self.threshold) <= Self.tolerance }.map(\.site)
    count(id, deeds.filter { $0.duration > Self.threshold + Self.tolerance }, orElse: others + near)
  }

  /// Those of a kind, by site, against what was planted there; at these other sites there may be one more.
  private mutating func count(_ id: String, _ planted: [TruthDeed], orElse others: [String] = []) {
    var row = Row(name: id, planted: planted.count, reported: 0, right: 0)
    var left = Dictionary(grouping: planted, by: \.site).mapValues(\.count)
    for finding in report.findings where finding.id == id {
      let more = min(max(0, finding.count - (left[finding.site] ?? 0)), others.count { $0 == finding.site })
      left[finding.site] = (left[finding.site] ?? 0) + more
      row.planted += more
      let here = min(left[finding.site] ?? 0, finding.count)
      row.reported += finding.count
      row.right += here
      if finding.count != left[finding.site] ?? 0 {
        complain("\(id) of \(finding.site): \(finding.count), and not \(left[finding.site] ?? 0)")
      }
      left[finding.site] = (left[finding.site] ?? 0) - here
    }
    for (site, count) in left where count > 0 { complain("\(id) of \(site): \(count) not told of") }
    rows.append(row)
  }

  /// Nothing else may be found, but for what something explains, and timers that the program itself saw to be late for no
  /// deed's sake: those may be told of.
  private mutating func judgeTheRest() {
    let known = Set(rows.map(\.name))
    let stalls = deeds.filter { $0.keepsLoop && $0.duration > Self.threshold - Self.tolerance }
    let late = deeds.filter { deed in
      deed.kind == .late && !stalls.contains { $0.begin < deed.end && deed.begin < $0.end }
    }
    var row = Row(name: "any other", planted: 0, reported: 0, right: 0)
    for finding in report.findings where !known.contains(finding.id) && !finding.isExplained {
      row.reported += 1
      if finding.id == "late-timers" && !late.isEmpty {
        row.right += 1
      } else {
        complain("no \(finding.id) was planted")
      }
    }
    row.planted = row.right
    rows.append(row)
  }

  // MARK: Blame

  /// Who waited, from then on, while a deed kept the loop: the rest of that deed is its blame.
  private mutating func judgeBlame() {
    let keepers = deeds.filter { $0.keepsLoop && !$0.isOnSecondLoop && $0.duration > Self.threshold }
    for victim in deeds where victim.kind == .waits {
      guard let deed = keepers.first(where: { $0.begin < victim.begin && victim.begin < $0.end }) else { continue }
      let told = report.waits.filter { $0.site == victim.site && abs($0.began - victim.end) < 1_000_000 }
      guard told.count == 1 else {
        complain("the wait of \(victim.line) is told \(told.count) times")
        continue
      }
      let error = (told[0].blame[deed.site] ?? 0) - (deed.end - victim.begin)
      blames.add(error)
      if abs(error) > 1_000_000 { complain("\(victim.line) is blamed on \(told[0].blame), not on \(deed.line)") }
    }
  }

  private mutating func complain(_ sentence: String) { complaints.append(sentence) }
}
