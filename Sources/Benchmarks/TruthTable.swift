/// A verdict for people, and for scripts.
struct TruthTable {
  private let verdict: TruthVerdict
  private let title: String
  private let facts: (seconds: UInt64, seed: UInt64, isHogged: Bool)

  init(_ verdict: TruthVerdict, seconds: UInt64, seed: UInt64, isHogged: Bool) {
    self.verdict = verdict
    facts = (seconds, seed, isHogged)
    title = "\(seconds) s, seed \(seed)\(isHogged ? ", beside twice as many busy threads as there are CPUs" : "")"
  }

  var text: String {
    var lines = ["truth, \(title)", "", row("", ["planted", "reported", "right", "recall", "precision"])]
    for row in verdict.rows {
      let figures = ["\(row.planted)", "\(row.reported)", "\(row.right)", decimal(row.recall), decimal(row.precision)]
      lines.append(self.row(row.name, figures))
    }
    lines += ["", row("error, µs", ["measured", "median", "p99", "max"])]
    for errors in [verdict.begins, verdict.durations, verdict.blames] {
      let figures = [0.5, 0.99, 1].map { errors.quantile($0).map { decimal(Double($0) / 1_000) } ?? "–" }
      lines.append(row(errors.name, ["\(errors.sorted.count)"] + figures))
    }
    let causes = verdict.causes
    lines += [
      "", row("", ["right", "not said", "wrong"]),
      row("a stall's cause", ["\(causes.right)", "\(causes.unsaid)", "\(causes.wrong)"]),
    ]
    if !verdict.machineStalls.isEmpty {
      lines += ["", "\(verdict.machineStalls.count) stalls were nobody's deed, and are told to be waits for a CPU."]
    }
    if !verdict.complaints.isEmpty { lines += [""] + verdict.complaints.prefix(20) }
    return (lines + ["", ""]).joined(separator: "\n")
  }

  /// One line.
  var json: String {
    let rows = verdict.rows.map { row in
      #""\#(row.name)":{"planted":\#(row.planted),"reported":\#(row.reported),"right":\#(row.right)}"#
    }
    let errors = [("begin", verdict.begins), ("duration", verdict.durations), ("blame", verdict.blames)].map {
      name, errors in
      let figures = [("median", 0.5), ("p99", 0.99), ("max", 1)].map { quantile, share in
        #""\#(quantile)_ns":\#(errors.quantile(share).map { "\($0)" } ?? "null")"#
      }
      return #""\#(name)":{"measured":\#(errors.sorted.count),\#(figures.joined(separator: ","))}"#
    }
    let causes = verdict.causes
    return #"{"name":"truth","seconds":\#(facts.seconds),"seed":\#(facts.seed),"hogged":\#(facts.isHogged),"#
      + #""good":\#(verdict.isGood),"found":{\#(rows.joined(separator: ","))},"errors":{\#(errors.joined(separator: ","))},"#
      + #""causes":{"right":\#(causes.right),"unsaid":\#(causes.unsaid),"wrong":\#(causes.wrong)},"#
      + #""machine_stalls":\#(verdict.machineStalls.count)}"# + "\n"
  }

  private func row(_ name: String, _ figures: [String]) -> String {
    name + String(repeating: " ", count: max(0, 30 - name.count))
      + figures.map { String(repeating: " ", count: max(0, 11 - $0.count)) + $0 }.joined()
  }
}
