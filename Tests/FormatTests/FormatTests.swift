import Drain
import Foundation
import SystemPackage
import Testing
import Trace
import TraceStore

/// The page `Sources/Trace/FORMAT.md` against what is written: a decoder in Python knows that page and nothing else.
@Suite(.enabled(if: Python.isThere, "there is no python3, or no libzstd for it")) struct FormatTests {
  @Test(arguments: ["healthy", "blocking-query", "never-fires", "hang"])
  func aRecordedTraceIsReadTheSameByADecoderWrittenFromThePage(_ name: String) throws {
    let path = Python.root + "/traces/\(name).looptrace"
    let events = try expectSame(path)
    #expect(events > 10_000)
  }

  @Test func everyKindOfEventIsReadTheSameByADecoderWrittenFromThePage() throws {
    let (definitions, batches) = try TraceText.parse(everything)
    let path = FileManager.default.temporaryDirectory.path + "/looptop-format-\(getpid()).looptrace"
    let writer = try TraceWriter(creating: FilePath(path), force: true)
    defer { unlink(path) }
    for site in definitions.sites.dropFirst() { _ = writer.id(of: site) }
    for loop in definitions.loops { _ = writer.add(loop: loop) }
    for batch in batches {
      writer.append(batch)
      writer.flush()
    }
    writer.close()
    #expect(TraceText.write(definitions: definitions, batches: batches) == everything)
    #expect(try expectSame(path) == 33)
  }

  /// Reads the file with both, compares line by line, and returns how many events there were.
  private func expectSame(_ path: String) throws -> UInt64 {
    let store = try TraceStore(path: FilePath(path))
    var batches: [Batch] = []
    for index in store.chunks.indices { batches.append(try store.batch(index)) }
    #expect(store.complete)
    let ours = TraceText.write(definitions: store.definitions, batches: batches).split(
      separator: "\n", omittingEmptySubsequences: false)
    let theirs = try Python.decode(path).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(ours.count == theirs.count)
    if let line = zip(ours, theirs).enumerated().first(where: { $0.element.0 != $0.element.1 }) {
      Issue.record("line \(line.offset + 1): we read\n\(line.element.0)\nand the page says\n\(line.element.1)")
    }
    return batches.reduce(0) { $0 + UInt64($1.events.count) }
  }
}

/// The decoder, and what runs it.
enum Python {
  static let root = String(#filePath.prefix(#filePath.count - "/Tests/FormatTests/FormatTests.swift".count))
  static let isThere = (try? run(["-c", "import ctypes; ctypes.CDLL('libzstd.so.1')"]).status) == 0

  /// A trace in the text form.
  static func decode(_ path: String) throws -> String {
    let (text, status) = try run([root + "/Tests/FormatTests/decode_trace.py", path])
    #expect(status == 0)
    return text
  }

  private static func run(_ arguments: [String]) throws -> (text: String, status: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (text, process.terminationStatus)
  }
}

/// Every kind of event, with and without what it may leave out, and some that contradict what came before.
private let everything = #"""
  looptop-text 1
  process 1 pid=4711 started=99 command="server \"--port\" 80" runtime="tests"
  loop 1 process=1 name="main" thread=4711 poll=epoll
  loop 2 process=1 name="ö\u{7}\n" thread=4712 poll=epoll
  site 1 "query(_:)" "Server/Users.swift" 42
  site 2 "render(_:)" "Server/Users.swift" 4200000000

  1 1.000000000 loop-begin
  1 1.000000001 anchor counter=18446744073709551615 monotonic=0.999999999 boottime=5.000000000 realtime=1795389985.869138402
  1 1.000000001 checkpoint ready-queue=3 pool-queued=1 pool-running=4294967295 unlisted=7
    op created=0.500000000 op=3 kind=listener site=1 fd=-1 standing
    op created=0.600000000 op=9 kind=timer site=2 chain=5 by=4 due=123.000000000
    span began=0.900000000 span=11 kind=io trigger=poll site=1 op=3 ready=0.800000000 starts-chain
    span began=0.950000000 span=12 kind=deferred trigger=callback site=2
    chain chain=5 named=0.550000000 name="GET /"
    fd fd=3 label="0.0.0.0:80"
  1 1.000000002 poll-enter
  1 1.000000003 poll-return ready=2
  1 1.000000004 created op=20 kind=timer site=1 due=2.000000000
  1 1.000000004 begin span=21 kind=io trigger=poll site=1 op=3 starts-chain
  1 1.000000005 chain-named chain=22 name="GET /ö"
  1 1.000000006 created op=23 kind=thread site=2 chain=22 by=21
  1 1.000000006 queued op=24 at=0.999000000 kind=ready trigger=thread site=2 chain=22 by=21
  1 1.000000007 queued op=23 at=1.000000007 kind=thread trigger=thread site=2
  1 1.000000008 begin span=30 kind=deferred trigger=callback site=2 op=23 ready=1.000000007
  1 1.000000009 end span=30 threw
  1 1.000000010 settled op=23 outcome=failure text="no\tway"
  1 1.000000011 awaits op=23 on=2:77
  1 1.000000012 unhandled op=23 text=""
  1 1.000000013 end span=500
  1 1.000000014 end span=21
  1 1.000000015 poll-enter timeout=0.000000000
  1 1.000000016 poll-return ready=0
  1 1.000000017 begin span=40 kind=timer trigger=timer site=0 op=20 ready=2.000000000
  1 1.000000018 mark text="\\\u{202e}\""
  1 1.000000019 watched fd=-5 label="peer"
  1 1.000000020 unwatched fd=2147483647
  1 1.000000021 pool queued=1 running=2
  1 1.000000022 pool-begin op=23 at=1.000000020
  1 1.000000023 pool-end op=23 at=1.000000022
  1 1.000000024 used cpu=1.000000000 voluntary=4294967295 involuntary=2 minor=3 major=4
  1 1.000000025 gap from=1.000000024 to=1.000000025 reason=overwritten
  1 9.000000000 gap from=2.000000000 to=9.000000000 events=18446744073709551615 reason=damaged

  2 0.000000000 settled op=1:23 outcome=dropped
  2 0.000000000 poll-enter timeout=4.999984822
  2 0.000000000 loop-end

  """#
