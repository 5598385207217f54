import CLinux
import Recorder

/// What recording costs, in readings of the processor's counter: the floor that no tracer gets under.
func recordingBenchmark() -> [Measurement] {
  let recorder = Recorder(loop: "benchmark", poll: "none")
  let off = Recorder.off
  let site = recorder.site(#function, #fileID, #line)
  defer { recorder.close() }
  let count = 1_000_000
  let read: (Int) -> Void = { count in
    var sum: UInt64 = 0
    for _ in 0..<count { sum &+= ll_counter() }
    keep(sum)
  }
  recorder.pollReturned(ready: 0)
  return [
    Measurement("begin + end", against: "counter read", count: count) { count in
      for _ in 0..<count {
        recorder.began(site, .io, .poll)
        recorder.ended()
      }
    } peer: {
      read($0)
    },
    Measurement("queued + begin + end, with chain", against: "counter read", count: count) { count in
      for _ in 0..<count {
        let entry = recorder.queued(site, .ready, .callback)
        recorder.began(site, .ready, .callback, operation: entry, chain: recorder.chain)
        recorder.ended()
      }
    } peer: {
      read($0)
    },
    Measurement("operation created + settled", against: "counter read", count: count) { count in
      for _ in 0..<count {
        let operation = recorder.created(.deferred, site)
        recorder.settled(operation, .success)
      }
    } peer: {
      read($0)
    },
    Measurement("begin + end, recording off", against: "counter read", count: count) { count in
      for _ in 0..<count {
        off.began(site, .io, .poll)
        off.ended()
      }
    } peer: {
      read($0)
    },
  ]
}

/// Keeps the optimizer from removing a computation whose result nobody uses.
@inline(never) func keep(_ value: UInt64) {
  withExtendedLifetime(value) {}
}
