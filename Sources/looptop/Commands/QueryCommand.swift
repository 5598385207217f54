import ArgumentParser
import Export
import SystemPackage
import Trace
import TraceStore

/// `looptop query`: a question to a trace in SQL.
struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Ask a trace in SQL.",
    discussion: """
      Only the tables that the question names are made, of the time that --since and --until leave.

      Examples:
        looptop query F --schema
        looptop query F "SELECT function, line, count(*), sum(self_ns) FROM calls GROUP BY site ORDER BY 4 DESC"
        looptop query F "SELECT * FROM harm" --json
      """)

  @Argument(help: "The trace.", completion: .trace)
  var file: String

  @Argument(help: "One SELECT, in SQLite's dialect.")
  var sql: String?

  @Flag(help: "Print the tables and views that there are, and what their columns mean.")
  var schema = false

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @Flag(help: "Print a JSON array of objects.")
  var json = false

  @Option(help: "Leave out what ended earlier than so long after the trace's first event: 1.5s.")
  var since: TypedDuration?

  @Option(help: "Leave out what began later than so long after the trace's first event.")
  var until: TypedDuration?

  func validate() throws {
    guard (sql == nil) == schema else { throw ValidationError("Give either a query or --schema") }
    guard !(csv && json) else { throw ValidationError("Give either --csv or --json") }
    if let since, let until, since.length > until.length { throw ValidationError("--since lies after --until") }
  }

  func run() throws {
    let store = try openTrace(file)
    let thresholds = try Settings.read().thresholds
    do throws(ExportError) {
      let source = try ExportSource(store, since: since?.length, until: until?.length, thresholds: thresholds)
      guard let sql else { return Standard.output.write(TraceQuery.schema(of: source)) }
      let query = try TraceQuery(sql, of: source)
      let output = ExportOutput.standard
      try (csv ? RowForm.csv : json ? .json : .table).write(query) { (text) throws(ExportError) in
        try output.write(Array(text.utf8))
      }
      try output.commit()
    } catch {
      throw Failure.export(error)
    }
  }
}
