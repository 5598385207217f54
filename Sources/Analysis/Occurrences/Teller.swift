import Trace

/// Collects what happened for whoever wants to be told.
struct Teller {
  let subjects: Occurrence.Subjects
  /// Since it was last taken away.
  var told: [Occurrence] = []
  /// Callbacks that have begun and not ended.
  private var open: [SpanID: Occurrence.Callback] = [:]

  /// Nothing has happened yet.
  init(of subjects: Occurrence.Subjects) { self.subjects = subjects }

  /// Tells it should it be wanted; it is made only then.
  @inline(__always)
  mutating func tell(_ subject: Occurrence.Subjects, _ occurrence: @autoclosure () -> Occurrence) {
    if subjects.contains(subject) { told.append(occurrence()) }
  }

  mutating func begin(_ callback: Occurrence.Callback) {
    guard subjects.contains(.callbacks) else { return }
    open[callback.id] = callback
    told.append(.began(callback))
  }

  /// A callback ends, or is left open at the trace's end.
  mutating func end(_ id: SpanID, at time: Instant?, own: Nanoseconds, threw: Bool, chain: ChainID?) {
    guard var callback = open.removeValue(forKey: id) else { return }
    callback.ended = time
    callback.own = own
    callback.threw = threw
    callback.chain = chain ?? callback.chain
    told.append(.ended(callback))
  }
}
