/// Writes a trace as an SQLite database.
///
/// ```swift
/// let source = try ExportSource(TraceStore(path: "spike.looptrace"))
/// try SQLiteExport.write(source, to: "spike.db")
/// ```
public enum SQLiteExport {
  /// Fills a database that is empty, or not there yet, with all tables, views and indexes.
  ///
  /// Throws `ExportError.database` where it cannot be written, and `ExportError.trace`.
  public static func write(_ source: ExportSource, to path: String) throws(ExportError) {
    let database = try Database(path: path)
    // Nobody needs half of it: who made it removes it when this fails.
    try database.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE")
    try database.execute("BEGIN")
    try database.execute(Table.schema(startedAt: source.startedAt))
    var filler = try TableFiller(source, into: database, filling: Set(Table.allCases))
    try filler.fill()
    try database.execute(Table.indexes)
    try database.execute("COMMIT")
  }
}
