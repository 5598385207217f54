import Recorder
import Testing
import Trace

@Suite("A program that starts and ends many loops") struct ManyLoopsTests {
  @Test func aThousandLoopsStayWithinTheCapAndTheNewestAreReadWhole() throws {
    let folder = try TestFolder()
    // In a process of its own: the cap is the process's, and other tests have loops too.
    #expect(try ChildProcess("thousand", folder.path).wait().status == 0)
    #expect(folder.size <= 64 << 20)

    let loops = try folder.names.map { name -> Int in
      let reader = try RingReader(name, in: folder.descriptor, loop: LoopID(1))
      #expect(reader.state == .ended)
      var spans = 0
      var loop: Int?
      while let batch = reader.read(define: { _ in .unknown }) {
        for event in batch.events {
          if case .ended = event.body { spans += 1 }
          if case .marked(let text) = event.body { loop = Int(batch.text(text)) }
        }
      }
      #expect(spans == 4_000)
      return try #require(loop)
    }
    #expect(loops.count > 300)
    #expect(loops.sorted() == Array((1_000 - loops.count)..<1_000))
  }

  @Test func aShortLoopGivesBackAlmostAllOfItsRing() throws {
    let folder = try TestFolder()
    let recorder = Recorder(loop: "short", poll: "none", options: .in(folder.path))
    recorder.mark("here")
    recorder.close()
    #expect(folder.size > 0)
    #expect(folder.size <= 32 << 10)
  }
}
