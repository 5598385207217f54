import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

@Suite struct ReadAheadTests {
  /// A file of that many chunks in turn of two loops.
  private func store(_ chunks: Int, in folder: Folder) throws -> TraceStore {
    let writer = try TraceWriter(creating: folder.trace)
    var lives = [Life(one), Life(two)]
    _ = (writer.add(loop: loop("main")), writer.add(loop: loop("other")))
    for round in 0..<chunks {
      writer.append(lives[round % 2].batch(100 + round))
      writer.flush()
    }
    writer.close()
    return try TraceStore(path: folder.trace)
  }

  private func oneByOne(_ store: TraceStore) throws -> [Batch] {
    var cursor = TraceStore.Cursor()
    var batches: [Batch] = []
    while let batch = try store.next(&cursor) { batches.append(batch) }
    return batches
  }

  private func ahead(_ store: TraceStore, _ cursor: inout TraceStore.Cursor) throws -> [Batch] {
    var batches: [Batch] = []
    try store.readAhead(&cursor) { batches.append($0) }
    return batches
  }

  @Test func theBatchesAreThoseOfOneThreadInTheSameOrder() throws {
    let folder = try Folder()
    let store = try store(40, in: folder)
    var cursor = TraceStore.Cursor()
    #expect(try ahead(store, &cursor) == oneByOne(store))
    #expect(try ahead(store, &cursor).isEmpty)
  }

  @Test func itGoesOnWhereTheCursorStands() throws {
    let folder = try Folder()
    let store = try store(10, in: folder)
    var cursor = TraceStore.Cursor()
    _ = try store.next(&cursor)
    #expect(try ahead(store, &cursor) == Array(oneByOne(store).dropFirst()))
  }

  @Test func whatIsDamagedIsAGapAndInTheDiagnostics() throws {
    let folder = try Folder()
    let chunk = try store(10, in: folder).chunks[4]
    var damaged = try bytes(of: folder.trace)
    damaged[Int(chunk.offset) + 200] ^= 1
    try write(damaged, to: folder.trace)
    let store = try TraceStore(path: folder.trace)
    var cursor = TraceStore.Cursor()
    let batches = try ahead(store, &cursor)
    #expect(batches.count == 10)
    #expect(gaps([one: batches[4].events]).map(\.events) == [chunk.count])
    #expect(store.diagnostics.damage.map(\.offset) == [chunk.offset])
  }

  @Test func anErrorOfTheSystemArrivesAfterWhatWasReadBefore() throws {
    let folder = try Folder()
    let store = try store(10, in: folder)
    var cursor = TraceStore.Cursor()
    _ = try store.next(&cursor)
    // The descriptor that the store holds becomes one that cannot be read.
    let name = folder.trace.string
    let held = try #require((3..<1024).first { link("/proc/self/fd/\($0)") == name })
    let unreadable = open(name, O_WRONLY)
    dup2(unreadable, Int32(held))
    close(unreadable)
    let error = TraceError.system(call: "pread", name: name, errno: EBADF)
    #expect(throws: error) { try store.readAhead(&cursor) { _ in Issue.record("a batch that nobody could read") } }
  }

  private func link(_ path: String) -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
    return String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
  }
}
