import Glibc
import Testing

extension EndToEnd {
  @Suite("A recorder left on keeps what matters") struct KeepTests {
    @Test func onlyTheLatestIsKept() throws {
      let folder = try TemporaryFolder()
      let trace = folder.file("kept.looptrace")
      let record = try run([
        Built.looptop, "record", "--keep", "1s", "-o", trace, "--", Built.demo, "healthy", "--seconds", "6",
      ])
      #expect(record.status == 0)
      #expect(try run([Built.looptop, "verify", trace]).out.hasPrefix("whole: "))
      let text = try run([Built.looptop, "export", "--to", "text", trace]).out
      let events = text.split(separator: "\n").filter { $0.first?.isNumber == true }
      #expect(events.first?.contains(" checkpoint ") == true)
      #expect(text.contains(" loop-end"))
      #expect(!text.contains(" loop-begin"))
    }

    @Test func aKilledRecorderLeavesWhatWasKept() throws {
      let folder = try TemporaryFolder()
      let trace = folder.file("kept.looptrace")
      let record = try Running([
        Built.looptop, "record", "--keep", "1s", "-o", trace, "--", Built.demo, "healthy", "--seconds", "20",
      ])
      // Once the beginning has been let go.
      let verdict = eventually { () -> String? in
        let said = (try? run([Built.looptop, "verify", trace]).out) ?? ""
        return said.contains("let go") ? said : nil
      }
      record.signal(SIGKILL)
      _ = record.wait()
      #expect(try #require(verdict).hasPrefix("torn: "))
      let report = try run([Built.looptop, "report", trace])
      #expect(report.status == 0)
      #expect(report.out.contains("accept(_:)"))
    }

    @Test func aFileIsWrittenAroundAStall() throws {
      let folder = try TemporaryFolder()
      _ = folder.write("spike-1.looptrace", Array("precious".utf8))
      let record = try run([
        Built.looptop, "record", "--on-stall", "-o", folder.file("spike.looptrace"), "--", Built.demo, "blocking-query",
        "--seconds", "4",
      ])
      #expect(record.status == 0)
      #expect(record.err.hasPrefix("looptop: a stall of "))
      #expect(record.err.contains("spike-2.looptrace"))
      #expect(contents(folder.file("spike-1.looptrace")) == Array("precious".utf8))
      #expect(contents(folder.file("spike.looptrace")) == [])
      #expect(try run([Built.looptop, "verify", folder.file("spike-2.looptrace")]).out.hasPrefix("whole: "))
      #expect(try run([Built.looptop, "report", folder.file("spike-2.looptrace")]).out.contains("yearlyReport(_:)"))
    }

    @Test func noStallNoFile() throws {
      let folder = try TemporaryFolder()
      let record = try run([
        Built.looptop, "record", "--on-stall", "-o", folder.file("spike.looptrace"), "--", Built.demo, "--list",
      ])
      #expect(record.status == 0)
      #expect(contents(folder.file("spike-1.looptrace")) == [])
    }
  }
}
