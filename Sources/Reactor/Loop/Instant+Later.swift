import Trace

extension Instant {
  /// The moment `delay` after this one, or the last one there is: `+` would wrap, and what is to come never would come at once.
  package func later(by delay: Nanoseconds) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(delay.count)
    return Instant(overflow ? (delay < .zero ? .min : .max) : sum)
  }
}
