import CLinux
import Recorder

/// What recording costs: in readings of the processor's counter, and beside other tracers.
func recordingBenchmark(_ report: (Measurement) -> Void) {
  countReadings(report)
  compareTracers(report)
}

/// In readings of the counter: no tracer can stamp a moment for less.
private func countReadings(_ report: (Measurement) -> Void) {
  let recorder = Recorder(loop: "benchmark", poll: "none")
  let off = Recorder.off
  let site = recorder.site(#function, #fileID, #line)
  defer { recorder.close() }
  recorder.pollReturned(ready: 0)

  let count = 1_000_000
  /// `body` runs what is measured as often as it is told: a call for each would cost more than some of these.
  func measure(_ name: String, _ body: (Int) -> Void) {
    let measurement = Measurement(name, against: "counter read") {
      nanoseconds { body(count) } / Double(count)
    } peer: {
      nanoseconds { readCounter(count) } / Double(count)
    }
    if let measurement { report(measurement) }
  }
  measure("begin + end") { count in
    for _ in 0..<count {
      recorder.began(site, .io, .poll)
      recorder.ended()
    }
  }
  measure("queued + begin + end, with chain") { count in
    for _ in 0..<count {
      let entry = recorder.queued(site, .ready, .callback)
      recorder.began(site, .ready, .callback, operation: entry, chain: recorder.chain)
      recorder.ended()
    }
  }
  measure("operation created + settled") { count in
    for _ in 0..<count {
      let operation = recorder.created(.deferred, site)
      recorder.settled(operation, .success)
    }
  }
  measure("begin + end, recording off") { count in
    for _ in 0..<count {
      off.began(site, .io, .poll)
      off.ended()
    }
  }
}

private func readCounter(_ count: Int) {
  var sum: UInt64 = 0
  for _ in 0..<count { sum &+= ll_counter() }
  keep(sum)
}

/// Keeps the optimizer from removing a computation whose result nobody uses.
@inline(never) func keep(_ value: UInt64) {
  withExtendedLifetime(value) {}
}
