import CLinux
import Glibc
import Recorder
import Testing
import Trace

@Suite("A program that starts and ends many loops") struct ManyLoopsTests {
  @Test func aThousandLoopsStayWithinTheCapAndTheNewestAreReadWhole() throws {
    let folder = try TestFolder()
    // In a process of its own: the cap is the process's, and other tests have loops too.
    let status = forkedChild {
      for loop in 0..<1_000 {
        Self.run(loop, spans: 4_000, in: folder.path)
        if loop % 50 == 0, folder.size > 64 << 20 { _exit(1) }
      }
      _exit(folder.size > 64 << 20 ? 1 : 0)
    }
    #expect(status == 0)

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
    Self.run(1, spans: 10, in: folder.path)
    #expect(folder.size > 0)
    #expect(folder.size <= 32 << 10)
  }

  private static func run(_ loop: Int, spans: Int, in folder: String) {
    let recorder = Recorder(
      loop: "loop \(loop)", poll: "none", options: Recorder.Options(enabled: true, runtime: "tests", folder: folder))
    let site = recorder.site("run", "Test.swift", 1)
    recorder.mark("\(loop)")
    for _ in 0..<spans {
      recorder.began(site, .ready, .callback)
      recorder.ended()
    }
    recorder.close()
  }
}
