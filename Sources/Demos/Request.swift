/// The first line of a request, in its parts.
struct Request {
  var path: String
  private var arguments: [Substring]

  init(line: Substring) {
    let target = line.split(separator: " ").dropFirst().first ?? "/"
    let parts = target.split(separator: "?", maxSplits: 1)
    path = String(parts.first ?? "/")
    arguments = parts.dropFirst().first?.split(separator: "&") ?? []
  }

  /// What stands behind `name=`.
  func argument(_ name: String) -> String? {
    arguments.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
  }
}

/// Puts requests together from what arrives.
struct RequestReader {
  private var received: [UInt8] = []
  private static let end = Array("\r\n\r\n".utf8)
  private static let limit = 8_192

  /// The requests that are complete with these bytes; they have no bodies.
  mutating func add(_ bytes: [UInt8]) -> [Request] {
    received += bytes
    var requests: [Request] = []
    while let end = endOfHead() {
      let head = String(decoding: received[..<end], as: UTF8.self)
      received.removeFirst(end)
      requests.append(Request(line: head.prefix { $0 != "\r\n" }))
    }
    if received.count > RequestReader.limit { received.removeAll() }
    return requests
  }

  private func endOfHead() -> Int? {
    guard received.count >= RequestReader.end.count else { return nil }
    for begin in 0...(received.count - RequestReader.end.count)
    where received[begin..<(begin + RequestReader.end.count)].elementsEqual(RequestReader.end) {
      return begin + RequestReader.end.count
    }
    return nil
  }
}
