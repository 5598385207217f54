import CPostgreSQL
import Reactor

/// What a connection or a query fails with.
///
/// ```swift
/// PostgresConnection.connect(to: "host=/run/postgresql", on: reactor)
///   .addCallback { $0.query("INSERT INTO users (name) VALUES ($1)", ["Ana"]) }
///   .addErrback { error in
///     if case PostgresError.server(let said) = error, said.code == "23505" { print("there is one already") }
///     throw error
///   }
/// ```
public enum PostgresError: Error, Hashable, Sendable {
  /// The server refused the query, or gave it up.
  case server(ServerMessage)
  /// The connection could not be made, or broke: libpq's words for it.
  case connection(String)
  /// The query was not sent: libpq's words for why.
  case unsendable(String)
  /// The connection was not made within this time.
  case timedOut(Nanoseconds)
  /// The host is a name; looking it up would block the loop.
  case hostByName(String)
  /// A COPY was begun, which a query cannot do; its connection was closed.
  case copy
  /// The connection was closed here.
  case closed
  /// The loop could not watch the connection.
  case reactor(ReactorError)

  /// What the server said, in its parts.
  public struct ServerMessage: Hashable, Sendable {
    /// ERROR, FATAL or PANIC.
    public var severity: String
    /// The SQLSTATE, five characters of the standard: `23505` is a value that was to be unique.
    public var code: String
    /// What is wrong, in one line.
    public var message: String
    /// More about this case.
    public var detail: String?
    /// What could be done.
    public var hint: String?
    /// Where in the query: a character's place, from 1.
    public var position: Int?
    /// Where in functions on the server: their calls, the innermost first.
    public var context: String?
  }
}

extension PostgresError {
  /// What libpq says of a connection's last failure.
  static func lastWords(of connection: OpaquePointer?) -> String {
    let line = inOneLine(connection.flatMap { PQerrorMessage($0) })
    return line.isEmpty ? "libpq has no memory left" : line
  }

  /// libpq's words come in lines, some of them indented.
  static func inOneLine(_ words: UnsafePointer<CChar>?) -> String {
    let lines = words.map { String(cString: $0) }?.split(separator: "\n") ?? []
    return lines.map { $0.drop { $0.isWhitespace } }.joined(separator: "; ")
  }

  /// What a result's message says; without a SQLSTATE it is libpq's own, about the connection.
  init(_ result: OpaquePointer) {
    func field(_ code: Character) -> String? {
      PQresultErrorField(result, Int32(code.asciiValue!)).map { String(cString: $0) }
    }
    // The letters are those of the protocol's fields of an error.
    guard let code = field("C") else {
      self = .connection(PostgresError.inOneLine(PQresultErrorMessage(result)))
      return
    }
    self = .server(
      ServerMessage(
        severity: field("V") ?? field("S") ?? "ERROR", code: code, message: field("M") ?? "", detail: field("D"),
        hint: field("H"), position: field("P").flatMap { Int($0) }, context: field("W")))
  }
}

extension PostgresError: CustomStringConvertible {
  /// One clause for a person, without a full stop.
  public var description: String {
    switch self {
    case .server(let said):
      "\(said.severity) \(said.code): \(said.message)\(said.position.map { ", at character \($0)" } ?? "")"
        + "\(said.detail.map { " (\($0))" } ?? "")\(said.context.map { ", in \($0)" } ?? "")"
    case .connection(let words): words
    case .unsendable(let words): "the query was not sent: \(words)"
    case .timedOut(let limit): "no connection within \(limit.count / 1_000_000) ms"
    case .hostByName(let host):
      "\"\(host)\" would have to be looked up, which blocks: give a numeric hostaddr, or a Unix socket's folder as host"
    case .copy: "COPY is not for queries"
    case .closed: "the connection is closed"
    case .reactor(let error): error.description
    }
  }
}
