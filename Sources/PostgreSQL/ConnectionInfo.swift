import CPostgreSQL
import Glibc

/// A connection string of libpq's: `host=/run/postgresql dbname=shop`, or `postgresql://127.0.0.1/shop`.
struct ConnectionInfo {
  let text: String

  /// Calls `body` with keywords and values as libpq wants them: the string's own, and UTF-8.
  func withParameters<R>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> R
  ) -> R {
    // A connection string stands in the place of a database's name.
    let pairs = [("dbname", text), ("client_encoding", "UTF8"), ("fallback_application_name", "looptop")]
    let copies = pairs.flatMap { [strdup($0.0), strdup($0.1)] }
    defer { copies.forEach { free($0) } }
    let keywords = [0, 2, 4].map { UnsafePointer<CChar>?(copies[$0]!) } + [nil]
    let values = [1, 3, 5].map { UnsafePointer<CChar>?(copies[$0]!) } + [nil]
    return body(keywords, values)
  }

  /// Throws where it cannot be read, or names a host that libpq would look up, blocking.
  func check() throws(PostgresError) {
    if text.utf8.contains(0) { throw .connection("a connection string has a zero byte in it") }
    var words: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(text, &words) else {
      defer { PQfreemem(words) }
      throw .connection(PostgresError.inOneLine(words))
    }
    defer { PQconninfoFree(options) }
    if value("hostaddr", in: options, orElse: "PGHOSTADDR") != nil { return }
    let hosts = value("host", in: options, orElse: "PGHOST") ?? ""
    for host in hosts.split(separator: ",") where !ConnectionInfo.needsNoLookup(String(host)) {
      throw .hostByName(String(host))
    }
  }

  private func value(
    _ keyword: String, in options: UnsafeMutablePointer<PQconninfoOption>, orElse variable: String
  ) -> String? {
    var option = options
    while let name = option.pointee.keyword {
      if String(cString: name) == keyword, let value = option.pointee.val { return String(cString: value) }
      option += 1
    }
    return getenv(variable).map { String(cString: $0) }
  }

  private static func needsNoLookup(_ host: String) -> Bool {
    var v4 = in_addr()
    var v6 = in6_addr()
    return host.hasPrefix("/") || host.hasPrefix("@") || inet_pton(AF_INET, host, &v4) == 1
      || inet_pton(AF_INET6, host, &v6) == 1
  }
}
