import PostgreSQL

/// A database that answers after a while in which there is nothing to do but to wait.
///
/// Not SQLite, which has no waits to show: it computes, in the thread that asks. So a PostgreSQL server is started where
/// there is one; else a small process stands in, which speaks as much of PostgreSQL's protocol as this takes, so that all
/// four ways have the same client for either.
final class WaitingDatabase {
  let connectionInfo: String
  /// For people.
  let kind: String
  private let server: PostgresServer?
  private let standIn: ChildProcess?

  /// `postgresql`, `stand-in` or a connection string; whatever there is, unless told.
  init(_ named: String?) throws {
    switch named ?? (PostgresServer.isInstalled ? "postgresql" : StandInDatabase.name) {
    case "postgresql":
      let started = try PostgresServer()
      (server, standIn) = (started, nil)
      (connectionInfo, kind) = (started.connectionInfo, "PostgreSQL")
    case StandInDatabase.name:
      let process = try ChildProcess(Options([StandInDatabase.name]), records: false, output: .pipe)
      guard let port = process.readLine().flatMap({ UInt16($0) }) else {
        throw ChildProcess.Failure(description: "the stand-in for a database did not start")
      }
      (server, standIn) = (nil, process)
      connectionInfo = "hostaddr=127.0.0.1 port=\(port) user=looptop sslmode=disable gssencmode=disable"
      kind = "a stand-in for PostgreSQL"
    case let info:
      (server, standIn) = (nil, nil)
      (connectionInfo, kind) = (info, "PostgreSQL")
    }
  }

  deinit { standIn?.stop() }
}
