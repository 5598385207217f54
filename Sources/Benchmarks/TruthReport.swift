/// What `looptop report --json` and `looptop query --json` say of the truth program's trace, on its own clock.
struct TruthReport {
  struct Stall {
    var begin: Int64
    var end: Int64
    var cause: String
    var site: String
    var isOnSecondLoop: Bool
  }

  struct Finding {
    var id: String
    var site: String
    var count: Int
    var isExplained: Bool
  }

  /// A callback that was planted to wait, and for whom it did: nanoseconds by the function that ran.
  struct Wait {
    var site: String
    var began: Int64
    var blame: [String: Int64] = [:]
  }

  let stalls: [Stall]
  let findings: [Finding]
  private(set) var waits: [Wait] = []

  /// What the blame of each callback is that was planted to wait.
  static let question = """
    SELECT c.id AS id, c.begin_ns AS begin_ns, v.function AS victim, r.function AS runner, sum(b.ns) AS ns \
    FROM callbacks c JOIN sites v ON v.id = c.site JOIN blame b ON b.callback = c.id \
    JOIN callbacks o ON o.id = b.span JOIN sites r ON r.id = o.site \
    WHERE v.function LIKE 'waits %' GROUP BY 1, 4
    """

  /// - Parameter origin: the trace's first event, by the program's clock.
  init?(report: JSONValue, blame: JSONValue, origin: Int64) {
    guard let loops = report["loops"]?.elements, report["trace"]?["gaps"]?.elements.isEmpty == true else { return nil }
    let second = loops.first { $0["name"]?.text == "starving" }?["id"]?.integer
    stalls = (report["stalls"]?.elements ?? []).compactMap { stall in
      guard let begin = stall["begin_ns"]?.integer, let duration = stall["duration_ns"]?.integer else { return nil }
      return Stall(
        begin: origin + begin, end: origin + begin + duration, cause: stall["cause"]?.text ?? "",
        site: stall["site"]?.text ?? "", isOnSecondLoop: stall["loop"]?.integer == second)
    }
    findings = (report["findings"]?.elements ?? []).map { finding in
      Finding(
        id: finding["id"]?.text ?? "", site: finding["site"]?.text ?? "",
        count: Int(finding["count"]?.integer ?? 0), isExplained: finding["caused_by"]?.text != nil)
    }
    var places: [Int64: Int] = [:]
    for row in blame.elements {
      guard let id = row["id"]?.integer, let begin = row["begin_ns"]?.integer, let victim = row["victim"]?.text,
        let runner = row["runner"]?.text, let ns = row["ns"]?.integer
      else { return nil }
      let place = places[id] ?? waits.count
      if place == waits.count { waits.append(Wait(site: victim, began: origin + begin)) }
      places[id] = place
      waits[place].blame[runner, default: 0] += ns
    }
  }
}
