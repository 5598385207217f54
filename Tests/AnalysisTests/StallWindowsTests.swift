import Analysis
import Testing
import Trace

@Suite struct StallWindowsTests {
  private func stall(_ began: Int64, _ until: Int64, ended: Bool = true) -> StallSighting {
    StallSighting(
      loop: LoopID(1), began: Instant(began * 1_000_000_000), until: Instant(until * 1_000_000_000), ended: ended)
  }

  private func seconds(_ window: StallWindows.Window?) -> [Int64]? {
    window.map { [$0.from.nanoseconds, $0.to.nanoseconds, $0.worst.count].map { $0 / 1_000_000_000 } }
  }

  private func at(_ seconds: Int64) -> Instant { Instant(seconds * 1_000_000_000) }

  @Test func tenSecondsBeforeAndFiveAfter() {
    var windows = StallWindows()
    windows.note(stall(100, 102))
    #expect(windows.take(at: at(106), open: []) == nil)
    #expect(seconds(windows.take(at: at(107), open: [])) == [90, 107, 2])
    #expect(windows.take(open: []) == nil)
  }

  @Test func stallsThatAreNearShareOne() {
    var windows = StallWindows()
    windows.note(stall(100, 102))
    windows.note(stall(104, 109))
    #expect(windows.take(at: at(107), open: []) == nil)
    #expect(seconds(windows.take(at: at(114), open: [])) == [90, 114, 5])
  }

  @Test func aStallThatGoesOnIsCutOnceAndToldOfAgainWhenItEnds() {
    var windows = StallWindows()
    var taken: [[Int64]?] = []
    for now in Int64(101)...200 {
      windows.note(stall(100, now, ended: false))
      if let window = windows.take(at: at(now), open: [stall(100, now, ended: false)]) { taken.append(seconds(window)) }
    }
    #expect(taken == [[90, 166, 61]])
    windows.note(stall(100, 201))
    #expect(seconds(windows.take(at: at(206), open: [])) == [191, 206, 101])
  }

  @Test func whatIsNotOverIsTakenAtTheEnd() {
    var windows = StallWindows()
    windows.note(stall(100, 102))
    #expect(seconds(windows.take(open: [])) == [90, 107, 2])
  }
}
