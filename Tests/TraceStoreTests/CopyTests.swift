import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite("A copy of what is being written") struct CopyTests {
  private func write(_ seconds: Range<Int>, to writer: TraceWriter) {
    for second in seconds {
      var batch = Batch(loop: one)
      let time = Instant(Int64(second) * 1_000_000_000)
      batch.add(Checkpoint(readyQueue: UInt32(second)), at: time)
      for part in 1...4 {
        let text = batch.add(text: "second \(second)")
        batch.events.append(Event(time + .milliseconds(Int64(part) * 200), .marked(text)))
      }
      writer.append(batch)
      writer.flush(olderThan: .milliseconds(300))
    }
  }

  private func spool() throws -> TraceWriter {
    let writer = try TraceWriter(spool: .bytes(64 << 20))
    _ = writer.add(loop: loop("main"))
    return writer
  }

  private func seconds(_ path: FilePath) throws -> [Int64] {
    let store = try TraceStore(path: path)
    try store.verify()
    #expect(store.complete)
    let events = try #require(try everything(store)[one])
    return Set(events.map { $0.time.nanoseconds / 1_000_000_000 }).sorted()
  }

  @Test func holdsWhatCameBetweenItsBeginAndItsEnd() throws {
    let folder = try Folder()
    let writer = try spool()
    write(0..<10, to: writer)
    try writer.copy(from: Instant(7_500_000_000), to: folder.trace)
    _ = writer.add(loop: loop("late"))
    write(10..<15, to: writer)
    #expect((writer.copied ?? 0) > 0)
    try writer.endCopy()
    #expect(writer.copied == nil)
    write(15..<20, to: writer)
    writer.close()
    #expect(try seconds(folder.trace) == Array(7..<15))
    #expect(try TraceStore(path: folder.trace).definitions.loops.map(\.name) == ["main", "late"])
  }

  @Test func isEndedWithTheTraceItself() throws {
    let folder = try Folder()
    let writer = try spool()
    write(0..<3, to: writer)
    try writer.copy(from: Instant(2_900_000_000), to: folder.trace)
    write(3..<5, to: writer)
    writer.close()
    #expect(try seconds(folder.trace) == [2, 3, 4])
  }

  @Test func replacesNothing() throws {
    let folder = try Folder()
    let writer = try spool()
    write(0..<3, to: writer)
    try writer.copy(from: Instant(0), to: folder.trace)
    try writer.endCopy()
    #expect(throws: TraceError.exists(name: folder.trace.string)) {
      try writer.copy(from: Instant(0), to: folder.trace)
    }
    try writer.endCopy()
  }

  @Test func thatIsDeletedMeanwhileIsGivenUpAndTheTraceGoesOn() throws {
    let folder = try Folder()
    let writer = try spool()
    write(0..<3, to: writer)
    try writer.copy(from: Instant(0), to: folder.trace)
    unlink(folder.trace.string)
    write(3..<6, to: writer)
    #expect(throws: TraceError.deleted(name: folder.trace.string)) { try writer.endCopy() }
    #expect(writer.failure == nil && writer.lostEvents == 0)
  }
}
