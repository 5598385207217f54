import Glibc
import Testing

extension EndToEnd {
  @Suite("Whatever dies, the rest goes on") struct FaultTests {
    @Test func theTracesFolderIsDeletedWhileRecording() throws {
      let folder = try TemporaryFolder()
      let inner = folder.file("inner")
      #expect(mkdir(inner, 0o700) == 0)
      let trace = inner + "/gone.looptrace"
      let said = folder.file("said")
      let record = try Running(
        [Built.looptop, "record", "-o", trace, "--", Built.demo, "healthy", "--seconds", "3"], err: said)
      _ = eventually { contents(trace).isEmpty ? nil : true }
      unlink(trace)
      #expect(rmdir(inner) == 0)
      // The program ran to its end, as its status says, and the loss is said.
      #expect(record.wait() == 0)
      let words = String(decoding: contents(said), as: UTF8.self)
      #expect(words.contains("\(trace) was deleted while it was being written: nothing of it is left\n"))
      #expect(!words.contains("recorded into"))
    }

    @Test func severalProcessesAreInOneTraceAndOneOfThemIsKilled() throws {
      let folder = try TemporaryFolder()
      let trace = folder.file("three.looptrace")
      let demo = Built.demo
      let script =
        "\(demo) healthy --seconds 3 & \(demo) blocking-query --seconds 3 & "
        + "\(demo) healthy --seconds 60 & sleep 3; kill -KILL $!; wait"
      let record = try run([Built.looptop, "record", "-o", trace, "--", "sh", "-c", script])
      #expect(record.status == 0)
      #expect(try run([Built.looptop, "verify", trace]).out.hasPrefix("whole: "))
      let text = try run([Built.looptop, "export", "--to", "text", trace]).out.split(separator: "\n")
      #expect(text.count { $0.hasPrefix("process ") } == 3)
      let loops = text.filter { $0.hasPrefix("loop ") }
      #expect(loops.count { $0.contains("name=\"healthy\"") } == 2)
      #expect(loops.count { $0.contains("name=\"blocking-query\"") } == 1)
      for loop in 1...3 { #expect(text.count { $0.hasPrefix("\(loop) ") && $0.contains(" begin ") } > 100) }
      // The killed one did not end in good order.
      #expect(text.count { $0.hasSuffix(" loop-end") } == 2)
    }

    @Test func aProgramWhoseParentIsGoneIsRecordedToItsEnd() throws {
      let folder = try TemporaryFolder()
      let trace = folder.file("fork.looptrace")
      // Started by a fork of the shell that is gone before the program's loop runs.
      let script = "(\(Built.demo) healthy --seconds 2 &) ; sleep 3"
      let record = try run([Built.looptop, "record", "-o", trace, "--", "sh", "-c", script])
      #expect(record.status == 0)
      let text = try run([Built.looptop, "export", "--to", "text", trace]).out.split(separator: "\n")
      #expect(text.count { $0.hasPrefix("loop ") } == 1)
      #expect(text.contains { $0.hasSuffix(" loop-end") })
    }

    @Test func aDamagedTraceSaysHowMuchIsLostAndWhereToTheNanosecond() throws {
      let folder = try TemporaryFolder()
      let trace = folder.file("whole.looptrace")
      _ = try run([Built.looptop, "record", "-o", trace, "--", Built.demo, "healthy", "--seconds", "3.5"])
      let bytes = contents(trace)
      let starts = bytes.indices.filter { bytes[$0...].starts(with: [0x89, 0x4C, 0x54, 0x43, 0x0D, 0x0A, 0x1A, 0x0A]) }
      func number(_ offset: Int, _ size: Int) -> Int64 {
        bytes[offset..<(offset + size)].reversed().reduce(0) { $0 << 8 | Int64($1) }
      }
      let chunks = starts.filter { number($0 + 12, 2) == 1 }
      try #require(chunks.count >= 3)
      let chunk = chunks[1]
      var flipped = bytes
      flipped[chunk + 128 + 10] ^= 1
      let verify = try run([Built.looptop, "verify", folder.write("flipped", flipped)])
      #expect(verify.status == 3)
      let (from, to) = (number(chunk + 32, 8), number(chunk + 40, 8))
      let start = number(chunks[0] + 32, 8)
      func seconds(_ count: Int64) -> String {
        let digits = "\(count % 1_000_000_000)"
        return "\(count / 1_000_000_000)." + String(repeating: "0", count: 9 - digits.count) + digits + " s"
      }
      let lost = number(chunk + 20, 4)
      #expect(verify.out.contains(" can be read, \(lost) events are lost\n"))
      #expect(
        verify.out.contains(
          "  at byte \(chunk), \(128 + number(chunk + 48, 4)) bytes: a damaged chunk of events, loop 1, "
            + "from \(seconds(from - start)) to \(seconds(to - start)), \(lost) events\n"))
      // The header: nothing in it is believed, everything behind it is read.
      var beheaded = bytes
      beheaded[20] ^= 1
      let header = try run([Built.looptop, "verify", folder.write("beheaded", beheaded)])
      #expect(header.status == 3)
      #expect(header.out.hasPrefix("damaged: "))
      #expect(header.out.contains(" can be read, 0 events are lost\n"))
      #expect(header.out.contains("  the file's header is damaged; the rest was read without it\n"))
      // Cut within a chunk whose header is whole: what it had is known.
      let cut = try run([Built.looptop, "verify", folder.write("cut", Array(bytes[..<(chunk + 130)]))])
      #expect(cut.out.hasPrefix("torn: "))
      #expect(
        cut.out.contains(
          "cut off in the middle, loop 1, from \(seconds(from - start)) to \(seconds(to - start)), \(lost) events\n"))
    }
  }
}
