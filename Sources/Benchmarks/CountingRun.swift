import Recorder

/// One path of the recorder, so many times and nothing else: for `Scripts/count-recording`, which runs it under Callgrind
/// with two counts and subtracts, so that only what each time costs is left.
enum CountingRun: String, CaseIterable {
  case callback = "begin + end"
  case everything = "queued + begin + end, with chain"
  case nested = "begin + end inside another"
  case operation = "operation created + settled"
  case timer = "timer created + settled"
  case site = "site found"
  case poll = "poll entered + returned"
  case off = "begin + end, recording off"
  case unopened = "poll, where no ring could be made"

  /// Runs what `arguments` say, if they are `--times COUNT PATH`.
  static func run(_ arguments: [String]) -> Bool {
    guard arguments.count == 3, arguments[0] == "--times", let count = Int(arguments[1]) else { return false }
    guard let path = CountingRun(rawValue: arguments[2]) else {
      print(allCases.map(\.rawValue).joined(separator: "\n"))
      return true
    }
    let recorder = path.recorder
    path.run(recorder, recorder.site(#function, #fileID, #line), times: count)
    recorder.close()
    return true
  }

  private var recorder: Recorder {
    switch self {
    case .off: .off
    case .unopened: Recorder(loop: "counted", poll: "none", options: Recorder.Options(folder: "/dev/null"))
    default: Recorder(loop: "counted", poll: "none")
    }
  }

  private func run(_ recorder: Recorder, _ site: RingSite, times: Int) {
    recorder.pollReturned(ready: 0)
    switch self {
    case .callback, .off:
      for _ in 0..<times {
        recorder.began(site, .io, .poll)
        recorder.ended()
      }
    case .everything:
      for _ in 0..<times {
        let entry = recorder.queued(site, .ready, .callback)
        recorder.began(site, .ready, .callback, operation: entry, chain: recorder.chain)
        recorder.ended()
      }
    case .nested:
      for _ in 0..<times {
        recorder.beganNow(site, .deferred, .callback)
        recorder.ended()
      }
    case .operation:
      for _ in 0..<times { recorder.settled(recorder.created(.deferred, site), .success) }
    case .timer:
      for _ in 0..<times { recorder.settled(recorder.created(.timer, site, due: .init(1)), .cancelled) }
    case .poll, .unopened:
      for _ in 0..<times {
        recorder.pollEntered(timeout: .zero)
        recorder.pollReturned(ready: 0)
      }
    case .site:
      for _ in 0..<times { keep(recorder.site(#function, #fileID, #line) == .none ? 0 : 1) }
    }
  }
}
