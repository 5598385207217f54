import Analysis
import Foundation
import Testing
import Trace
import TraceStore

@testable import Export

@Suite struct Exports {
  private func temporary(_ name: String) -> String {
    FileManager.default.temporaryDirectory.path
      + "/looptop-export-\(getpid())-\(UInt32.random(in: .min ... .max))-\(name)"
  }

  private func folded(_ store: TraceStore, _ weight: FoldedStacks.Weight) throws -> String {
    var text = ""
    try FoldedStacks.write(ExportSource(store), weight: weight) { text += $0 }
    return text
  }

  // MARK: Folded stacks

  @Test func `stacks are nested callbacks with their own time, or with the harm that they did`() throws {
    expectText(
      try folded(trace(sample), .own),
      """
      accept(_:) Server/Server.swift:10 80009000
      query(_:) Server/Users.swift:42 10000
      tick() Server/Clock.swift:7 20000
      tick() Server/Clock.swift:7;render(_:) Server/Users.swift:57 30000

      """)
    #expect(try folded(trace(sample), .harm) == "accept(_:) Server/Server.swift:10 150019000\n")
    let hostile = try trace(sample, site: #"a;b\n\u{1b}c"#)
    #expect(try folded(hostile, .harm) == "a:b␊␛c Server/Server.swift:10 150019000\n")
  }

  @Test func `stacks of a recording add up to what the report says`() throws {
    let store = try recording("blocking-query")
    var analyzer = Analyzer()
    var cursor = TraceStore.Cursor()
    while let batch = try store.next(&cursor) { analyzer.consume(batch, definitions: store.definitions) }
    let sites = analyzer.report(at: nil).sites
    func sum(_ text: String) -> Int64 {
      text.split(separator: "\n").reduce(0) { $0 + (Int64($1.split(separator: " ").last ?? "") ?? 0) }
    }
    #expect(try sum(folded(store, .own)) == sites.reduce(0) { $0 + $1.own.count })
    #expect(try sum(folded(store, .harm)) == sites.reduce(0) { $0 + $1.harm.count })
  }

  // MARK: Perfetto

  /// A trace for Perfetto as a decoder in Python reads it that knows Perfetto's .proto files and nothing of ours.
  private func perfetto(_ store: TraceStore) throws -> String {
    var bytes: [UInt8] = []
    try PerfettoExport.write(ExportSource(store)) { bytes += $0 }
    let path = temporary("perfetto")
    defer { unlink(path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", root + "/Tests/ExportTests/decode_perfetto.py", path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return text
  }

  @Test func `Perfetto gets a track a loop, slices, flows and counters`() throws {
    expectText(
      try perfetto(trace(sample)),
      """
      clocks 1=1000000000250000000 3=10000000000 primary=3
      track {'uuid': 4294967296, 'process': {'pid': 4711, 'process_name': 'server'}}
      track {'uuid': 65537, 'parent_uuid': 4294967296, 'name': 'main', 'thread': {'pid': 4711, 'tid': 4711, 'thread_name': 'main'}}
      track {'uuid': 131073, 'parent_uuid': 4294967296, 'name': 'lag of main', 'counter': {'unit': 1}}
      track {'uuid': 196609, 'parent_uuid': 4294967296, 'name': 'ready queue of main', 'counter': {'unit': 2}}
      10100001000 main begin accept(_:) Server/Server.swift:10 [io] trigger=poll queue_delay_ns=1000 chain=1:6
      10100004000 ready queue of main 1
      10100010000 main end flow=1:7 flow=1:8 flow=1:9
      10100010000 main begin accept(_:) Server/Server.swift:10 [io] trigger=poll queue_delay_ns=10000 chain=1:11
      10180010000 main end flow=1:12
      10180010000 ready queue of main 0
      10180010000 main begin query(_:) Server/Users.swift:42 [ready] trigger=callback queue_delay_ns=80006000 chain=1:6 from-flow=1:9
      10180020000 main end
      10180050000 main begin tick() Server/Clock.swift:7 [timer] trigger=timer queue_delay_ns=70050000 chain=1:6 from-flow=1:8
      10180050000 lag of main 70050000
      10180060000 main begin render(_:) Server/Users.swift:57 [deferred] trigger=callback chain=1:6 from-flow=1:7
      10180090000 main end threw=1
      10180100000 main end

      """)
  }

  @Test(arguments: ["blocking-query", "healthy", "never-fires", "hang"])
  func `a recording's packets are what Perfetto's definitions say`(_ name: String) throws {
    let store = try recording(name)
    let lines = try perfetto(store).split(separator: "\n")
    let begins = lines.count { $0.contains(" begin ") }
    #expect(
      try answer("SELECT count(*) AS n FROM callbacks", of: store).split(separator: "\n").last?.trimmingPrefix {
        $0 == " "
      } ?? "" == "\(begins)")
    #expect(lines.contains { $0.contains("from-flow=") })
    #expect(lines.contains { $0.contains(" flow=") })
    #expect(lines.contains { $0.hasPrefix("clocks 1=") })
  }

  @Test func `a step inside of what registered it has no flow, and what repeats has none`() throws {
    let text = try perfetto(
      trace(
        """
        1 1.000000000 loop-begin
        1 1.000000000 created op=2 kind=timer site=4 due=1.100000000 standing
        1 1.100000000 poll-return ready=0
        1 1.100000000 begin span=5 kind=timer trigger=timer site=4 op=2
        1 1.100001000 created op=6 kind=deferred site=2 by=5
        1 1.100002000 begin span=7 kind=deferred trigger=callback site=2 op=6
        1 1.100003000 end span=7
        1 1.100004000 end span=5
        1 1.100005000 poll-enter
        1 1.200000000 poll-return ready=0
        1 1.200000000 begin span=11 kind=timer trigger=timer site=4 op=2

        """))
    #expect(!text.contains("flow"))
    // The last one goes on.
    #expect(text.split(separator: "\n").count { $0.contains(" begin ") } == 3)
    #expect(text.split(separator: "\n").count { $0.contains(" end") } == 2)
  }

  // MARK: SQLite

  @Test func `a database holds all tables, and their indexes`() throws {
    let path = temporary("sqlite")
    defer { unlink(path) }
    let store = try recording("blocking-query")
    try SQLiteExport.write(ExportSource(store), to: path)
    let database = try Database(path: path)
    func value(_ sql: String) throws -> SQLValue? {
      let statement = try database.prepare(sql)
      return try statement.step() ? statement.row.first : nil
    }
    #expect(try value("PRAGMA integrity_check") == .text("ok"))
    #expect(try value("SELECT count(*) FROM callbacks") == .integer(7_346))
    #expect(try value("SELECT count(*) FROM sqlite_schema WHERE type = 'index'") == .integer(7))
    #expect(try value("SELECT started_at FROM trace") == .text("2026-11-28T16:22:54.108Z"))
    #expect(
      try value("SELECT sum(harm_ns) FROM harm") == value("SELECT sum(ns) FROM blame WHERE cause = 'callback'"))
    for table in Table.allCases where table != .gaps {
      #expect(try value("SELECT count(*) FROM \(table.rawValue)") != .integer(0), "\(table.rawValue)")
    }
  }

  @Test func `a database that cannot be written is an error`() throws {
    let source = try ExportSource(trace(sample))
    #expect(throws: ExportError.self) { try SQLiteExport.write(source, to: "/nowhere/at/all.db") }
    #expect(throws: ExportError.self) { try SQLiteExport.write(source, to: "/dev/full") }
  }

  // MARK: Text

  @Test func `a trace as text is its events, one a line`() throws {
    var text = ""
    try TextExport.write(recording("healthy")) { text += $0 }
    let (definitions, batches) = try TraceText.parse(text)
    #expect(definitions.loops.count == 1)
    #expect(
      batches.reduce(0) { $0 + $1.events.count } == text.split(separator: "\n").count { $0.first?.isNumber == true })
  }
}
