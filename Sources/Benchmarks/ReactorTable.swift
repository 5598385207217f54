/// The README's table of what the reactor costs, ours and others'.
enum ReactorTable {
  /// A table in Markdown of what `reactor` has measured: medians, and behind ours the ratio to the best library.
  static func render(_ measured: [Measurement]) -> String {
    let modes = LoopRun.Mode.allCases.map(\.rawValue)
    var scenarios: [String] = []
    var cells: [String: [String: Measurement]] = [:]
    for measurement in measured {
      guard let mode = modes.first(where: { measurement.name.hasSuffix(", \($0)") }) else { continue }
      let scenario = String(measurement.name.dropLast(mode.count + 2))
      if cells[scenario] == nil { scenarios.append(scenario) }
      cells[scenario, default: [:]]["\(mode) \(measurement.peerName)"] = measurement
    }
    let peers = ["C epoll loop", "libuv", "libev", "libevent", "SwiftNIO"]
    let rows = scenarios.map { scenario in
      let known = cells[scenario]!
      let ours = modes.map { mode in
        let all = peers.compactMap { known["\(mode) \($0)"] }
        let best = all.filter { $0.peerName != "C epoll loop" }.max { $0.ratio < $1.ratio }
        return (all.first.map { decimal($0.ours.median) } ?? "–") + (best.map { " (\(decimal($0.ratio)))" } ?? "")
      }
      let theirs = peers.map { peer in
        modes.compactMap { known["\($0) \(peer)"] }.first.map { decimal($0.peer.median) } ?? "–"
      }
      return ["\(scenario), \(known.first!.value.unit)"] + ours + theirs
    }
    return CostTable.table(["", "**Looptop**, untraced", "traced"] + peers, rows)
  }
}
