import CLinux
import Drain
import Glibc
import Recorder
import SystemPackage
import Trace
import TraceStore

/// A begin and an end of a callback that does nothing, as we and as others record, keep and read them back.
func compareTracers(_ report: (Measurement) -> Void) {
  let folder = TemporaryFolder()
  guard let pairs = EmptyCallbacks(in: folder.path) else {
    return complain("a million callbacks cannot be recorded into \(folder.path)")
  }
  for tracer in Tracer.all { compare(pairs, tracer, in: folder, report) }
}

private func compare(
  _ pairs: EmptyCallbacks, _ tracer: Tracer, in folder: TemporaryFolder, _ report: (Measurement) -> Void
) {
  guard let peer = tracer.start(in: folder) else { return }
  let count = 200_000
  let speed = Measurement("begin + end, empty", against: tracer.name) {
    pairs.record(count)
  } peer: {
    peer.run(count)
  }
  guard let speed else { return }
  report(speed)
  guard tracer.reader != nil, let kept = peer.finish() else { return }
  let bytes = Double(pairs.store.diagnostics.bytes) / Double(EmptyCallbacks.kept)
  report(
    Measurement(
      "trace of empty callbacks", "B/pair", ours: [bytes], against: tracer.name, [2 * kept.bytes / kept.events]))
  let reading = Measurement("reading it back", "M events/s", against: tracer.reader ?? tracer.name, rounds: 5) {
    decode(pairs.store)
  } peer: {
    peer.readBack().map { kept.events / $0 * 1e3 }
  }
  if let reading { report(reading) }
}

/// How fast a trace is decoded into typed events, in millions a second of that clock.
func decode(_ store: TraceStore, by clock: () -> Int64 = ll_monotonic) -> Double {
  var events = 0
  let begin = clock()
  for index in store.chunks.indices { events += (try? store.batch(index).events.count) ?? 0 }
  return Double(events) / Double(clock() - begin) * 1e3
}

/// Ours: a loop that records callbacks that do nothing, and the trace that becomes of it.
private final class EmptyCallbacks {
  /// How many pairs the trace has.
  static let kept = 1_000_000
  let store: TraceStore
  private let recorder: Recorder
  private let site: RingSite

  /// `nil` where not every one of them is in the trace.
  init?(in folder: String) {
    let rings = folder + "/rings"
    let path = FilePath(folder + "/empty.looptrace")
    recorder = Recorder(loop: "benchmark", poll: "none", options: Recorder.Options(folder: rings))
    site = recorder.site(#function, #fileID, #line)
    recorder.pollReturned(ready: 0)
    guard let writer = try? TraceWriter(creating: path),
      let drain = try? Drain(folder: rings, selecting: .all, into: writer)
    else { return nil }
    // Less at a time than the ring holds.
    for _ in 0..<Self.kept / 20_000 {
      for _ in 0..<20_000 {
        recorder.began(site, .io, .poll)
        recorder.ended()
      }
      drain.poll()
    }
    writer.close()
    guard let store = try? TraceStore(path: path), store.complete,
      store.chunks.reduce(0, { $0 + Int($1.activity.spans) }) == Self.kept
    else { return nil }
    self.store = store
  }

  deinit { recorder.close() }

  /// What a pair costs, in nanoseconds, over `count` of them.
  func record(_ count: Int) -> Double {
    nanoseconds {
      for _ in 0..<count {
        recorder.began(site, .io, .poll)
        recorder.ended()
      }
    } / Double(count)
  }
}
