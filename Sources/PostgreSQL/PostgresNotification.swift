import CPostgreSQL

/// What somebody sent to a channel.
public struct PostgresNotification: Hashable, Sendable {
  /// To which.
  public var channel: String
  /// What; may be empty.
  public var payload: String
  /// The process on the server that sent it.
  public var sender: Int32

  init(_ raw: PGnotify) {
    channel = String(cString: raw.relname)
    payload = String(cString: raw.extra)
    sender = raw.be_pid
  }
}
