import Analysis
import Trace

extension BusyShares {
  /// What a timeline knows about some slices. A slice that is known in part only counts as far as it is known.
  public init(_ timeline: Timeline, of loops: [LoopReport], in slices: TimeSlices) {
    let end = slices.from + Nanoseconds(slices.length.count &* Int64(slices.count))
    let shares = loops.map { loop in
      let known = timeline.slices(loop: loop.info.id, from: slices.from, to: end, count: slices.count)
      return (
        loop.info.id,
        known.map { slice -> Double? in
          let all = slice.busy + slice.idle
          return all > .zero ? Double(slice.busy.count) / Double(all.count) : nil
        }
      )
    }
    self.init(slices: slices, shares: Dictionary(shares) { first, _ in first })
  }
}
