import CLinux

/// One thing measured: rounds of ours and of the peer's in turn, so that a noisy machine is noisy for both.
struct Measurement {
  /// Its name in the output.
  var name: String
  var peerName: String
  private var ours: [Double] = []
  private var peers: [Double] = []

  /// Runs both `rounds` times in turn; each runs its body `count` times.
  init(
    _ name: String, against peerName: String, rounds: Int = 15, count: Int, ours: (Int) -> Void, peer: (Int) -> Void
  ) {
    self.name = name
    self.peerName = peerName
    for round in 0...rounds {
      let mine = Measurement.nanoseconds(count, ours)
      let its = Measurement.nanoseconds(count, peer)
      // The first round warms caches and pages.
      if round > 0 {
        self.ours.append(mine)
        peers.append(its)
      }
    }
    self.ours.sort()
    peers.sort()
  }

  private static func nanoseconds(_ count: Int, _ body: (Int) -> Void) -> Double {
    let begin = ll_monotonic()
    body(count)
    return Double(ll_monotonic() - begin) / Double(count)
  }

  private func median(_ sorted: [Double]) -> Double { sorted[sorted.count / 2] }

  /// One line for a person.
  var line: String {
    "\(pad(name, 34)) \(number(median(ours))) ns (least \(number(ours[0])))   \(pad(peerName, 14))"
      + " \(number(median(peers))) ns (least \(number(peers[0])))   ratio \(number(median(ours) / median(peers)))"
  }

  /// One line of JSON.
  var json: String {
    #"{"name":"\#(name)","unit":"ns","ours":\#(number(median(ours))),"peer":\#(number(median(peers))),"#
      + #""peer_name":"\#(peerName)","ratio":\#(number(median(ours) / median(peers)))}"#
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }
}
