import CSQLite
import Trace

/// A question to a trace in SQL.
///
/// ```swift
/// let source = try ExportSource(TraceStore(path: "spike.looptrace"))
/// let query = try TraceQuery("SELECT kind, count(*) FROM callbacks GROUP BY kind", of: source)
/// while let row = try query.next() { print(row) }
/// ```
public final class TraceQuery {
  /// What the columns of its answer are called.
  public let columns: [String]
  private let statement: Statement
  private let database: Database
  private let permission: Permission
  /// The tables that it reads.
  var tables: Set<Table> { permission.tables }
  /// SQLite would begin anew.
  private var isOver = false

  /// Asks it: fills those tables only that it names, with what belongs to the source's range.
  ///
  /// They stand in a database without a name, in a file where they are large; it is gone with this. Throws
  /// `ExportError.query` and its like for what is no single question, and `ExportError.trace`.
  public init(_ sql: String, of source: ExportSource) throws(ExportError) {
    database = try Database(path: "")
    try database.execute(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -65536")
    try database.execute(Table.schema(startedAt: source.startedAt))
    permission = Permission()
    permission.restrict(database)
    statement = try database.prepare(sql)
    guard statement.isReadOnly else { throw .notAQuery }
    columns = statement.columns
    permission.lift(database)
    try database.execute("BEGIN")
    var filler = try TableFiller(source, into: database, filling: permission.tables)
    try filler.fill()
    try database.execute("COMMIT")
    permission.restrict(database)
  }

  deinit { permission.lift(database) }

  /// The next row of the answer; `nil` after the last.
  ///
  /// Throws `ExportError.query` for what turns out to be wrong only now, and `ExportError.database`.
  public func next() throws(ExportError) -> [SQLValue]? {
    guard !isOver else { return nil }
    isOver = try !statement.step()
    return isOver ? nil : statement.row
  }

  /// The tables and views that can be asked, as SQL with remarks.
  public static func schema(of source: ExportSource) -> String { Table.schema(startedAt: source.startedAt) }
}

/// What a question may do: read, and compute. SQLite asks while it compiles it, which also tells which tables it reads.
private final class Permission {
  private(set) var tables: Set<Table> = []

  func restrict(_ database: Database) {
    sqlite3_set_authorizer(
      database.handle,
      { context, action, first, second, _, _ in
        let permission = Unmanaged<Permission>.fromOpaque(context!).takeUnretainedValue()
        // A function's name is the second, because there its first says nothing.
        let name = (action == SQLITE_FUNCTION ? second : first).map { String(cString: $0) } ?? ""
        return permission.allows(action, name) ? SQLITE_OK : SQLITE_DENY
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  func lift(_ database: Database) { sqlite3_set_authorizer(database.handle, nil, nil) }

  private func allows(_ action: Int32, _ name: String) -> Bool {
    switch action {
    case SQLITE_SELECT, SQLITE_RECURSIVE: return true
    case SQLITE_FUNCTION: return name.lowercased() != "load_extension"
    case SQLITE_READ:
      if let table = Table(rawValue: name.lowercased()) { tables.insert(table) }
      return true
    default: return false
    }
  }
}
