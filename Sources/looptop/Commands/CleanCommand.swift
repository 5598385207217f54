import ArgumentParser
import CLinux
import Drain
import Trace

/// `looptop clean`: away with the rings of programs that are gone.
struct CleanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clean",
    abstract: "Remove the rings of programs that are gone; all of them, unless told otherwise.",
    discussion: """
      Programs that run keep theirs. Without being asked, the 16 youngest are kept.

      Examples:
        looptop clean --older-than 2h
        looptop clean --down-to 64MB
      """)

  @Option(help: ArgumentHelp("Leave those whose last event is no longer ago than this: 10m, 2h.", valueName: "time"))
  var olderThan: TypedDuration?

  @Option(help: ArgumentHelp("Leave the youngest, up to so much in all: 64MB.", valueName: "size"))
  var downTo: TypedSize?

  func run() throws {
    let rings = try Programs.find().programs.flatMap(\.rings).filter { $0.last != nil }
    let now = ll_realtime()
    var removed = (count: 0, bytes: 0)
    var left = 0
    for ring in rings.sorted(by: { $0.last! > $1.last! }) {
      let isYoung = olderThan.map { now &- ring.last! <= $0.length.count } ?? false
      let fits = downTo.map { left + ring.bytes <= $0.bytes } ?? false
      // What was asked for must all hold for one to stay; with nothing asked for, none does.
      let stays = (olderThan == nil || isYoung) && (downTo == nil || fits) && (olderThan != nil || downTo != nil)
      if !stays, RingCatalog.remove(ring) {
        removed = (removed.count + 1, removed.bytes + ring.bytes)
      } else {
        left += ring.bytes
      }
    }
    Standard.output.write("removed \(removed.count) rings of programs that are gone, \(removed.bytes) bytes\n")
  }
}
