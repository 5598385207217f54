import Foundation
import Testing

private let root = String(#filePath.prefix(#filePath.count - "/Tests/EndToEndTests/ExportTests.swift".count))
private let trace = "\(root)/traces/blocking-query.looptrace"

extension EndToEnd {
  @Suite("Queries and exports") struct ExportTests {
    private func looptop(_ arguments: String...) throws -> Output { try run([Built.looptop] + arguments) }

    @Test func aQueryIsAnswered() throws {
      let sql = "SELECT function, count(*) AS n FROM calls GROUP BY site ORDER BY n DESC, function LIMIT 2"
      #expect(
        try looptop("query", trace, sql).out
          == """
          function          n
          accept(_:)     1242
          finish(_:on:)  1242

          """)
      #expect(
        try looptop("query", trace, sql, "--csv").out == "function,n\r\naccept(_:),1242\r\nfinish(_:on:),1242\r\n")
      let json = try looptop("query", trace, sql, "--json")
      #expect(json.status == 0)
      let rows = try #require(JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [[String: Any]])
      #expect(rows.map { $0["n"] as? Int } == [1_242, 1_242])
      let part = try looptop("query", trace, "SELECT count(*) AS n FROM stalls", "--since", "2s", "--until", "3.5s")
      #expect(part.out == "n\n2\n")
      let schema = try looptop("query", trace, "--schema")
      #expect(schema.out.contains("CREATE TABLE callbacks ( -- every span\n  id INTEGER,\n"))
      #expect(schema.status == 0)
    }

    @Test func whatIsNoQueryIsASentence() throws {
      func expect(
        _ arguments: [String], _ status: Int32, _ sentence: String, at location: SourceLocation = #_sourceLocation
      ) throws {
        let output = try run([Built.looptop] + arguments)
        #expect(output.status == status, sourceLocation: location)
        #expect(output.err == "looptop: \(sentence)\n", sourceLocation: location)
        #expect(output.out == "", sourceLocation: location)
      }
      try expect(
        ["query", trace, "SELECT * FROM nonsense"], 2,
        "the query is wrong: no such table: nonsense; `looptop query FILE --schema` shows what there is")
      try expect(["query", trace, "DELETE FROM ticks"], 2, "a query can only read: it takes a SELECT")
      try expect(
        ["query", trace, "SELECT 1; SELECT 2"], 2, "there is more than one statement in the query; ask one at a time")
      try expect(["query", trace, ""], 2, "there is nothing in the query; it takes a SELECT")
      let readme = "\(root)/README.md"
      try expect(["query", readme, "SELECT 1"], 3, "\(readme) is not a trace: it does not begin as one does")
      try expect(["export", "/nowhere", "--to", "folded"], 3, "there is no file /nowhere")
      try expect(
        ["export", trace, "--to", "trace", "-o", "/tmp/never"], 2,
        "\(trace) is a trace already; only its text form can be made one")
      #expect(try looptop("query", trace).status == 2)
      #expect(try looptop("query", trace, "SELECT 1", "--schema").status == 2)
      #expect(try looptop("query", trace, "SELECT 1", "--csv", "--json").status == 2)
      #expect(try looptop("export", trace, "--to", "sqlite").status == 2)
      #expect(try looptop("export", trace, "--to", "text", "--weight", "harm").status == 2)
    }

    @Test func anInterruptionEndsAQuery() throws {
      let query = try Running([
        Built.looptop, "query", trace,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
      ])
      usleep(300_000)
      query.signal(SIGINT)
      #expect(query.wait() == 128 + SIGINT)
    }

    @Test func aDatabaseIsThereWhenItIsWholeAndNotBefore() throws {
      let folder = try TemporaryFolder()
      let file = folder.file("out.db")
      #expect(try looptop("export", trace, "--to", "sqlite", "-o", file).status == 0)
      #expect(contents(file).starts(with: Array("SQLite format 3\0".utf8)))
      let again = try looptop("export", trace, "--to", "sqlite", "-o", file)
      #expect(again.status == 2)
      #expect(again.err == "looptop: \(file) is there already; --force replaces it, -o names another\n")
      #expect(try looptop("export", trace, "--to", "sqlite", "-o", file, "--force").status == 0)
      let nowhere = try looptop("export", trace, "--to", "sqlite", "-o", folder.file("no/out.db"))
      #expect(nowhere.status == 3)
      #expect(try looptop("export", trace, "--to", "folded", "-o", folder.path).status == 3)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.db"])
      #expect(try looptop("export", trace, "--to", "text", "-o", "/dev/full").status == 3)
    }

    @Test func theTextFormIsMadeATraceAgain() throws {
      let folder = try TemporaryFolder()
      let (text, file) = (folder.file("t.txt"), folder.file("t.looptrace"))
      #expect(try looptop("export", trace, "--to", "text", "-o", text).status == 0)
      #expect(try looptop("export", text, "--to", "trace", "-o", file).status == 0)
      #expect(try looptop("verify", file).out.hasPrefix("whole: 27130 events"))
      func lines(_ output: Output) -> [Substring] { output.out.split(separator: "\n") }
      #expect(
        try lines(looptop("export", file, "--to", "text"))
          == lines(Output(out: String(decoding: contents(text), as: UTF8.self), err: "", status: 0)))
      // A text can be asked and reported on as it is.
      #expect(try looptop("report", text).out == looptop("report", trace).out)
      #expect(try looptop("query", text, "SELECT count(*) AS n FROM ticks").out == "   n\n1119\n")
      let bad = folder.write("bad.txt", Array("looptop-text 1\n1 0.0 nonsense\n".utf8))
      let report = try looptop("report", bad)
      #expect(report.status == 3)
      #expect(report.err.hasPrefix("looptop: \(bad) is no trace: line 2, column "))
      #expect(try looptop("export", bad, "--to", "trace", "-o", folder.file("bad.looptrace")).status == 3)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
          "bad.txt", "t.looptrace", "t.txt",
        ])
    }

    @Test func stacksAndPacketsAreWritten() throws {
      let stacks = try looptop("export", trace, "--to", "folded")
      #expect(
        stacks.out.contains(
          "mayRead() Demos/BlockingQuery.swift:23;yearlyReport(_:) Demos/BlockingQuery.swift:28 815459215\n"))
      #expect(
        try looptop("export", trace, "--to", "folded", "--weight", "harm").out.hasPrefix(
          "accept(_:) Demos/Server.swift:29 126130284\n"))
      let folder = try TemporaryFolder()
      let file = folder.file("out.pftrace")
      #expect(try looptop("export", trace, "--to", "perfetto", "-o", file).status == 0)
      #expect(contents(file).count > 100_000)
      let terminal = try Tmux("\(Built.looptop) export \(trace) --to perfetto")
      #expect(try terminal.screen(with: "ended 2").contains("this form is not for a terminal; -o names a file for it"))
    }
  }
}
