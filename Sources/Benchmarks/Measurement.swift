import CLinux

/// One thing measured: rounds of ours and of the peer's in turn, so that a noisy machine is noisy for both.
struct Measurement {
  /// Its name in the output.
  let name: String
  let unit: String
  let peerName: String
  let ours: Sample
  let peer: Sample
  /// Ours to the peer's, round by round: what slowed a whole round down is in both, and so in neither.
  let ratios: Sample

  /// What was measured elsewhere: round by round, or against one figure, such as a target.
  init(_ name: String, _ unit: String, ours: [Double], against peerName: String, _ peer: [Double]) {
    precondition(peer.count == 1 || peer.count == ours.count, "\(ours.count) rounds against \(peer.count)")
    self.name = name
    self.unit = unit
    self.peerName = peerName
    self.ours = Sample(ours)
    self.peer = Sample(peer)
    ratios = Sample(ours.indices.map { ours[$0] / (peer.count == 1 ? peer[0] : peer[$0]) })
  }

  /// Both in turn, `rounds` times; `nil` as soon as the peer has no more answers.
  init?(
    _ name: String, _ unit: String = "ns", against peerName: String, rounds: Int = 15, ours: () -> Double,
    peer: () -> Double?
  ) {
    var own: [Double] = []
    var peers: [Double] = []
    for round in 0...rounds {
      let mine = ours()
      guard let its = peer() else { return nil }
      // The first round warms caches and pages.
      if round > 0 {
        own.append(mine)
        peers.append(its)
      }
    }
    self.init(name, unit, ours: own, against: peerName, peers)
  }

  /// The median of the rounds' ratios, ours to the peer's.
  var ratio: Double { ratios.median }

  /// One line for a person.
  var line: String {
    "\(pad(name, 42)) \(figure(ours))   \(pad(peerName, 18)) \(figure(peer))   ratio \(decimal(ratio))\(certainty)"
  }

  private var certainty: String {
    guard let (from, to) = ratios.medianInterval else { return "" }
    return " (\(decimal(from))–\(decimal(to)))"
  }

  private func figure(_ sample: Sample) -> String {
    sample.isOne
      ? "\(decimal(sample.median)) \(unit)" : "\(decimal(sample.median)) \(unit) (least \(decimal(sample.least)))"
  }

  /// One line of JSON.
  var json: String {
    #"{"name":"\#(name)","unit":"\#(unit)","ours":\#(decimal(ours.median)),"peer":\#(decimal(peer.median)),"#
      + #""peer_name":"\#(peerName)","ratio":\#(decimal(ratio))}"#
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

/// What several rounds gave.
struct Sample {
  private let sorted: [Double]

  init(_ values: [Double]) {
    precondition(!values.isEmpty, "a sample of nothing")
    sorted = values.sorted()
  }

  var median: Double { sorted[sorted.count / 2] }
  var least: Double { sorted[0] }
  var isOne: Bool { sorted.count == 1 }

  /// Where the median would be found 19 times out of 20, whatever the noise is like; `nil` for a few values.
  var medianInterval: (from: Double, to: Double)? {
    let (middle, width) = (sorted.count / 2, Int(Double(sorted.count).squareRoot().rounded(.up)))
    return sorted.count < 9 ? nil : (sorted[middle - width], sorted[middle + width])
  }
}

/// A number with two decimals.
func decimal(_ value: Double) -> String {
  let hundredths = Int((value * 100).rounded())
  let fraction = hundredths % 100
  return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}

/// How long `body` takes, in nanoseconds.
func nanoseconds(_ body: () -> Void) -> Double {
  let begin = ll_monotonic()
  body()
  return Double(ll_monotonic() - begin)
}
