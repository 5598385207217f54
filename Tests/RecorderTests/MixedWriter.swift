import Glibc
import Recorder
import Trace

/// The same numbers for the same seed.
struct Random: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Writes events of one slot and of several in random turn, and counts them.
struct MixedWriter {
  let recorder: Recorder
  var random: Random
  private(set) var written: UInt64 = 0
  private let text = String(repeating: "abcdefghijklmno", count: 16)

  init(recorder: Recorder, random: Random) {
    self.recorder = recorder
    self.random = random
  }

  mutating func write(_ count: Int) {
    let site = recorder.site("write", "MixedWriter.swift", 1)
    for _ in 0..<count {
      written += 1
      switch random.next() % 64 {
      case 0: recorder.mark(String(text.prefix(Int(random.next() % 241))))
      case 1:
        recorder.awaits(recorder.created(.deferred, site), on: recorder.created(.timer, site, due: Instant(1)))
        written += 2
      case 2...20:
        let operation = recorder.created(.read, site, standing: true, descriptor: 4)
        recorder.settled(operation, .success)
        written += 1
      case 21, 22:
        recorder.watched(9, "somebody")
        recorder.unwatched(9)
        written += 1
      default:
        recorder.began(site, .ready, .callback)
        recorder.ended()
        written += 1
      }
    }
  }
}
