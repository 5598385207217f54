import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("Bad input gets one clear sentence") struct BadInputTests {
    private func expect(
      _ arguments: [String], _ status: Int32, _ sentence: String, environment: [String: String] = [:],
      at location: SourceLocation = #_sourceLocation
    ) throws {
      let output = try run([Built.looptop] + arguments, environment: environment)
      #expect(output.status == status, sourceLocation: location)
      #expect(output.err == "looptop: \(sentence)\n", sourceLocation: location)
      #expect(output.out == "", sourceLocation: location)
    }

    @Test func whatIsNoTrace() throws {
      let folder = try TemporaryFolder()
      let text = folder.write("text", Array("Not at all a trace, however long it may be, and it is long enough.".utf8))
      let empty = folder.write("empty", [])
      try expect(["report", text], 3, "\(text) is not a trace: it does not begin as one does")
      try expect(["verify", empty], 3, "\(empty) is empty: nothing was written to it")
      try expect(["report", folder.path], 3, "\(folder.path) is not a file")
      try expect(["report", "/nowhere"], 3, "there is no file /nowhere")
    }

    @Test func whatWasCutOffIsReadAsFarAsItGoes() throws {
      let folder = try TemporaryFolder()
      let whole = folder.file("whole")
      _ = try run([Built.looptop, "record", "-o", whole, "--", Built.demo, "healthy", "--seconds", "2.5"])
      let bytes = contents(whole)
      let half = folder.write("half", Array(bytes[..<(bytes.count / 2)]))
      let report = try run([Built.looptop, "report", half])
      #expect(report.status == 0)
      #expect(report.out.contains("accept(_:)"))
      #expect(report.err == "looptop: \(half) is not whole; `looptop verify` says what is lost\n")
      let verify = try run([Built.looptop, "verify", half])
      #expect(verify.status == 3)
      #expect(verify.out.hasPrefix("torn: "))
      let start = folder.write("start", Array(bytes[..<10]))
      try expect(
        ["report", start], 3, "\(start) was cut off within its first lines: it has 10 bytes, and no event is left in it"
      )
    }

    @Test func whatContradictsItselfIsReadAndEachKindCounted() throws {
      let folder = try TemporaryFolder()
      let text = """
        looptop-text 1
        process 1 pid=1 started=1 command="server" runtime="r"
        loop 1 process=1 name="main" thread=1 poll=epoll
        site 1 "query(_:)" "Users.swift" 42
        1 1.0 loop-begin
        1 1.0 begin span=4 site=1 kind=io
        1 1.0 begin span=5 site=1 kind=io
        1 1.1 end span=4
        1 1.1 end span=5
        1 1.1 end span=9
        1 1.1 settled op=99 outcome=success
        1 1.1 created op=20 kind=timer site=1 by=90
        1 1.2 poll-enter
        1 1.3 loop-end

        """
      let file = folder.write("trace.txt", Array(text.utf8))
      let kinds = ["end-without-begin", "crossed-spans", "settled-unknown", "unknown-creator"]
      let report = try run([Built.looptop, "report", file])
      #expect(report.status == 0 && report.err == "")
      #expect(report.out.contains("\nANOMALIES  the trace contradicts itself\n"))
      let json = try run([Built.looptop, "report", "--json", file]).out
      for kind in kinds {
        #expect(report.out.contains("\n  \(kind), once: "), "\(kind): \(report.out)")
        #expect(json.contains("{\"id\": \"\(kind)\", \"sentence\": \""))
      }
      #expect(json.components(separatedBy: "\"count\": 1}").count - 1 == kinds.count)
    }

    @Test func aLaterVersionIsRefusedWithBothNumbers() throws {
      let folder = try TemporaryFolder()
      let file = folder.write("later", laterVersion())
      try expect(
        ["report", file], 3,
        "\(file) has format version 9.0, and this looptop reads up to 1.x; read it with a newer looptop")
    }

    @Test func pidsAndNamesThatAreNotThere() throws {
      let folder = try TemporaryFolder()
      let environment = ["LOOPTOP_DIR": folder.path]
      let terminal = try Tmux("\(Built.looptop) attach 4194305", environment: environment)
      #expect(
        try terminal.screen(with: "ended 3").contains("looptop: there is no process 4194305, and it left no ring"))
      let traced = try Tmux("\(Built.looptop) attach 1", environment: environment)
      #expect(try traced.screen(with: "ended 3").contains("looptop: process 1 records nothing that you can read"))
      let named = try Tmux("\(Built.looptop) attach nobody", environment: environment)
      #expect(try named.screen(with: "ended 3").contains("looptop: nothing that records is named nobody"))
    }

    @Test func aRingOfAnotherUserIsNotRead() throws {
      guard getuid() == 0 else { return }
      let folder = try TemporaryFolder()
      #expect(chown(folder.path, 65_534, 65_534) == 0)
      try expect(
        ["list"], 3,
        "the folder of rings \(folder.path) belongs to user 65534; set LOOPTOP_DIR to a folder of your own",
        environment: ["LOOPTOP_DIR": folder.path])
    }

    @Test func noTerminalOrOneThatCannotShowAScreen() throws {
      try expect(
        ["demo"], 2,
        "the screen needs a terminal, and standard input is none; use `looptop report FILE`, or `demo --no-view`")
      let dumb = try Tmux("TERM=dumb \(Built.looptop) demo")
      #expect(try dumb.screen(with: "ended 2").contains("the terminal dumb cannot move its cursor"))
      let small = try Tmux("\(Built.looptop) demo", width: 30, height: 8)
      #expect(try small.screen(with: "looptop needs 40x10").contains("not 30x8"))
      try small.press("q")
      #expect(try small.screen(with: "ended 0").contains("ended 0"))
    }

    @Test func wrongUseIsExitCodeTwo() throws {
      #expect(try run([Built.looptop, "report"]).status == 2)
      #expect(try run([Built.looptop, "nonsense"]).status == 2)
      let unknown = try run([Built.looptop, "demo", "nonsense", "--no-view"])
      #expect(unknown.status == 2)
      #expect(
        unknown.err
          == "looptop: there is no demo named nonsense; there are healthy, blocking-query, thousand-cuts, starvation, "
          + "late-timers, spinning, growing-queue, saturated-pool, never-fires, dropped, unhandled-failure, waiting-cycle, "
          + "hang, talk, four-ways, chat, workers\n")
      #expect(try run([Built.looptop, "--help"]).status == 0)
      #expect(try run([Built.looptop, "record", "--help"]).out.contains("USAGE: looptop record"))
      #expect(try run([Built.looptop, "record", "true"]).status == 2)
    }
  }
}

/// The header of a trace of version 9.0, as FORMAT.md says.
private func laterVersion() -> [UInt8] {
  var bytes: [UInt8] = [0x89, 0x4C, 0x54, 0x52, 0x0D, 0x0A, 0x1A, 0x0A, 9, 0, 0, 0]
  bytes += [UInt8](repeating: 0, count: 60 - bytes.count)
  var crc = ~UInt32(0)
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  return bytes + withUnsafeBytes(of: ~crc) { Array($0) }
}
