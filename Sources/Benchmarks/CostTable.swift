/// The README's table of what recording costs, ours and others'.
enum CostTable {
  /// A table in Markdown of what `recording` has measured.
  static func render(_ measured: [Measurement]) -> String {
    func find(_ name: String, _ peer: String) -> Measurement? {
      measured.first { $0.name == name && $0.peerName == peer }
    }
    var rows: [[String]] = []
    func add(_ tracer: String, ns: Sample?, bytes: Sample?, reading: Sample?) {
      rows.append([tracer] + [ns, bytes, reading].map { $0.map { decimal($0.median) } ?? "–" })
    }
    let speeds = measured.filter { $0.name == "begin + end, empty" }
    let kept = measured.first { $0.name == "trace of empty callbacks" }
    let read = measured.first { $0.name == "reading it back" }
    add("**Looptop**", ns: speeds.first?.ours, bytes: kept?.ours, reading: read?.ours)
    for speed in speeds {
      let reader = Tracer.all.first { $0.name == speed.peerName }?.reader
      add(
        speed.peerName + (reader.map { " (read by \($0))" } ?? ""), ns: speed.peer,
        bytes: find("trace of empty callbacks", speed.peerName)?.peer,
        reading: reader.flatMap { find("reading it back", $0) }?.peer)
    }
    // Not run here: what was measured once, on the machine where this was written.
    rows.append(["Tracy 0.14 (quoted)", "36", "0.9–1.9", "43"])
    rows.append(["Perfetto SDK v53 (quoted)", "384", "39", "–"])
    return table(["tracer", "ns a pair", "bytes a pair", "million events/s read back"], rows) + "\n"
      + table(["recording", "counter reads", "ns"], parts(measured))
  }

  /// What each part of recording costs, in counter reads.
  private static func parts(_ measured: [Measurement]) -> [[String]] {
    measured.filter { $0.peerName == "counter read" }.map { [$0.name, decimal($0.ratio), decimal($0.ours.median)] }
  }

  static func table(_ head: [String], _ rows: [[String]]) -> String {
    let rule = head.indices.map { $0 == 0 ? "---" : "---:" }
    return ([head, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }
}
