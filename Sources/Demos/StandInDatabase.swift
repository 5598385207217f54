import Glibc
import Reactor

/// Stands in for a PostgreSQL server where there is none: answers every query, ten milliseconds later, with twenty users.
///
/// Speaks version 3 of the protocol as far as libpq's PQsendQueryParams and PQexecParams go, without encryption and
/// without a password.
enum StandInDatabase {
  /// Under which this program is started to be one.
  static let name = "stand-in"

  /// Prints the port that it listens on, and serves until it is ended.
  static func run() throws {
    let reactor = try Reactor(name: "stand-in")
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { connection in
      var messages = Messages()
      connection.onData { bytes in
        guard let kinds = messages.add(bytes) else { return connection.abort() }
        for kind in kinds { answer(kind, connection, reactor) }
      }
    }
    print(listener.port)
    fflush(nil)
    reactor.run()
  }

  private static func answer(_ kind: Messages.Kind, _ connection: Connection, _ reactor: Reactor) {
    switch kind {
    case .startup: connection.write(message("R", number(0)) + ready)
    case .other("S"): reactor.callLater(.milliseconds(10)) { connection.write(rows) }
    case .other("X"): connection.close()
    // What comes before it is answered when the query's last message has come.
    case .other: return
    }
  }

  private static let ready = message("Z", Array("I".utf8))

  /// Parsed, bound, two columns, twenty rows, done, ready for the next.
  private static let rows: [UInt8] = {
    let cities = ["Lisbon", "Madrid", "London", "Dublin", "Vienna", "Prague"]
    var bytes = message("1", []) + message("2", [])
    bytes += message("T", short(2) + column("name") + column("city"))
    for index in 1...20 { bytes += message("D", short(2) + value("user \(index)") + value(cities[index % 6])) }
    return bytes + message("C", Array("SELECT 20".utf8) + [0]) + ready
  }()

  private static func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
    [kind.asciiValue!] + number(Int32(body.count + 4)) + body
  }

  /// Of no table; type 25 is text, of any length, as text.
  private static func column(_ name: String) -> [UInt8] {
    Array(name.utf8) + [0] + number(0) + short(0) + number(25) + short(-1) + number(-1) + short(0)
  }

  private static func value(_ text: String) -> [UInt8] { number(Int32(text.utf8.count)) + Array(text.utf8) }

  private static func number(_ value: Int32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
  private static func short(_ value: Int16) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}

/// Takes a client's bytes apart.
private struct Messages {
  enum Kind {
    /// The first one, which has no letter.
    case startup
    case other(Character)
  }

  private var received: [UInt8] = []
  private var hasStarted = false

  /// The kinds of the messages that are complete with these bytes; `nil` for what is none.
  mutating func add(_ bytes: [UInt8]) -> [Kind]? {
    received += bytes
    var kinds: [Kind] = []
    while true {
      let header = hasStarted ? 1 : 0
      guard received.count >= header + 4 else { return kinds }
      let length = received[header..<header + 4].reduce(0) { $0 << 8 | Int($1) }
      guard (4...10_000).contains(length) else { return nil }
      guard received.count >= header + length else { return kinds }
      kinds.append(hasStarted ? .other(Character(UnicodeScalar(received[0]))) : .startup)
      hasStarted = true
      received.removeFirst(header + length)
    }
  }
}
